"""State of one partition while a worker owns it."""
