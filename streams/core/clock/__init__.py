"""The clock engine: how much time counts (worktime), by whose hours (schedule), and when it runs out (timer)."""
