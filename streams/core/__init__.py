"""Pure reducers: events in, rows and signals out; no clock, no client, no chance."""
