-- Which movements of an account net across exchange rates.

ALTER TABLE ${GENERATION}.mrr_movement ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS crosses_rates UInt8
    COMMENT '1 where currencies or exchange rates net at that moment: mrr_flow does so in the reporting currency' AFTER line;
