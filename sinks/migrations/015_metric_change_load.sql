-- Whether a change came with a load, so that what a loaded answer displaces is told as first, too.

ALTER TABLE ${GENERATION}.metric_change ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS is_load UInt8 COMMENT '1 when its sender loaded what had happened before, as an import does' AFTER ingested_at;
