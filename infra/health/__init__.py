"""Tell how a deployment is: what is read of Kafka, ClickHouse and the workers, and what it means."""
