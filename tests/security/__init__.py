"""Attempts to get in, and what counts them: promise G15."""
