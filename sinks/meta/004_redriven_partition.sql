-- A letter that was refused for its partition is sent to another one.

ALTER TABLE ${META}.dead_letter_action ${ON_CLUSTER}
    ADD COLUMN IF NOT EXISTS log_partition Int32 DEFAULT -1
    COMMENT 'Partition that log_offset is of; -1 stands for the refused record\'s own';
