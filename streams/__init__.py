"""Stream processing: pure reducers, the live engine, replay and ingest."""
