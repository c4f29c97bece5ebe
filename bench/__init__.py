"""The benchmark: one set of survey events, several programs that fold them, one table of what each cost."""
