"""Replay from the wiring's side: plans are made and checked here, and worker processes carry them out."""
