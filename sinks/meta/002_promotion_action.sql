-- A promotion is undone by a line of its own.

ALTER TABLE ${META}.promotion ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS action LowCardinality(String) DEFAULT 'promote'
    COMMENT 'promote, or back: the views went back to the generation before';
