"""Where rows go: the port, the tables, the ClickHouse writer and its in-memory twin."""

import os

# Otherwise the driver's import works out every date of 400 years, which takes longer than the rest of a command.
os.environ.setdefault("CLICKHOUSE_DRIVER_LASY_DATE_LUT", "on demand")
