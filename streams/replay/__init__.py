"""On-call tools over the log of record: for now, rebuilding every table from the first event on."""
