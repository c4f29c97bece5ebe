"""Settings, wiring, the command line and the embedded servers."""

import sinks  # noqa: F401 - it prepares the ClickHouse driver, before anything here imports that
