"""Where rows go: the port, the tables, the ClickHouse writer and its in-memory twin."""
