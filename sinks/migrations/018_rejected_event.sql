-- Who sent what could not be taken in.

ALTER TABLE ${GENERATION}.dead_letter ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS source String
        COMMENT 'System and instance that sent the event; empty where its bytes do not say it' AFTER size_bytes,
    ADD COLUMN IF NOT EXISTS event_type LowCardinality(String)
        COMMENT 'Type of the event; empty where its schema is not known' AFTER source,
    ADD COLUMN IF NOT EXISTS event_id String
        COMMENT 'Id that its source gave the event; empty where its bytes do not say it' AFTER event_type;
