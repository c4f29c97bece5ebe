-- Histories have no length at which they end, so counts of their events have 32 bits. Nothing of a ticket is left out any
-- more. Workers of the release before still name that column in their inserts, so it takes what they say and keeps
-- nothing; nobody can read it.

ALTER TABLE ${GENERATION}.ticket ${ON_CLUSTER}
    MODIFY COLUMN events_left_out UInt32 EPHEMERAL 0 AFTER is_deleted,
    MODIFY COLUMN agents UInt32,
    MODIFY COLUMN solves UInt32,
    MODIFY COLUMN reopens UInt32,
    MODIFY COLUMN escalations UInt32;

ALTER TABLE ${GENERATION}.invoice ${ON_CLUSTER}
    MODIFY COLUMN payments UInt32,
    MODIFY COLUMN failed_attempts UInt32;

ALTER TABLE ${GENERATION}.subscription ${ON_CLUSTER}
    MODIFY COLUMN corrections UInt32;

ALTER TABLE ${GENERATION}.response ${ON_CLUSTER}
    MODIFY COLUMN corrections UInt32;

ALTER TABLE ${GENERATION}.invitation ${ON_CLUSTER}
    MODIFY COLUMN reminders UInt32;
