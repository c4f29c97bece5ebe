"""Settings, wiring, the command line and the embedded servers."""
