"""The contract: topics, Avro schemas, examples and the codec."""
