"""Real Kafka and ClickHouse servers, started from Python packages alone."""
