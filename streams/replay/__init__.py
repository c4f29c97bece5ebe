"""Replay: the log of record read again by the engine's own partitions, into tables of its own."""
