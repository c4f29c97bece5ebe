"""The engine: records from Kafka through the fold into the sink and back into Kafka, in transactions."""
