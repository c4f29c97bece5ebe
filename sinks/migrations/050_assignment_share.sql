-- What share of its account's money a manager is credited with.

ALTER TABLE ${GENERATION}.manager_assignment ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS share_bp Nullable(Int32) COMMENT 'Share of the account\'s money, in hundredths of a percent; NULL goes by role' AFTER is_test;
