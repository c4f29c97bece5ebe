"""Foreign tables and payloads turned into events."""
