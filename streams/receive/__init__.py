"""Webhooks and events over HTTP: verified, kept in Kafka, and only then accepted."""
