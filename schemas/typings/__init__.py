"""Type definitions of the events for other languages, rendered from the newest schemas (ADR 0195)."""
