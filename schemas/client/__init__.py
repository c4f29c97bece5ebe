"""The slim client, a wheel of its own that is built from here: `pip install ./schemas/client` (ADR 0194)."""
