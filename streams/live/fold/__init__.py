"""The fold of one partition: records in, rows, signals, dead letters and changes of state out."""
