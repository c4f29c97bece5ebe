-- What customers ask for, and how far it got: one row per item.
-- How long an item was in which state: one row per stay.
-- Who asked for which item, where and when: one row per request.
-- Who was told how an item stands: one row per notice.

CREATE TABLE IF NOT EXISTS ${GENERATION}.feedback_item ${ON_CLUSTER}
(
    account_id String COMMENT 'Account that the item\'s own events stand under: the company\'s own',
    item_id String COMMENT 'Feedback item, unique in the company',
    title String COMMENT 'What is asked for, in the company\'s words; empty when not told',
    topic_id LowCardinality(String) COMMENT 'Topic of the taxonomy; empty when not told',
    state LowCardinality(String) COMMENT 'new, triaged, planned, in_progress, shipped or declined; empty while nothing of it is told',
    state_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it is in that state, UTC',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was opened, UTC; NULL while that is not told',
    shipped_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it became shipped, UTC; NULL where that does not stand',
    declined_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was declined, UTC; NULL where that does not stand',
    merged_into String COMMENT 'Item that it was merged into; empty while it is one of its own',
    merged_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was merged, UTC',
    times_back UInt32 COMMENT 'How often its state went backwards, as from shipped to planned',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, item_id)
COMMENT 'What customers ask for, and how far it got: one row per item.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.feedback_item_state ${ON_CLUSTER}
(
    account_id String COMMENT 'Account that the item\'s own events stand under: the company\'s own',
    item_id String COMMENT 'Feedback item, unique in the company',
    ordinal UInt32 COMMENT 'Which stay of the item, from 1',
    state LowCardinality(String) COMMENT 'new, triaged, planned, in_progress, shipped or declined; empty while nothing of it is told',
    from_at DateTime64(6, 'UTC') COMMENT 'Since when, UTC, inclusive',
    until_at Nullable(DateTime64(6, 'UTC')) COMMENT 'Until when, UTC, exclusive; NULL while it lasts',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, item_id, ordinal)
COMMENT 'How long an item was in which state: one row per stay.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.feedback_link ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    link_id String COMMENT 'Request, as its source names it',
    item_id String COMMENT 'Feedback item, unique in the company',
    response_id String COMMENT 'Response in which it was asked for; empty for none',
    ticket_id String COMMENT 'Ticket in which it was asked for; empty for none',
    contact_id String COMMENT 'Person at the customer who asked; empty when not told',
    has_quote UInt8 COMMENT '1 when the customer\'s own words are kept somewhere; they are not here',
    asked_at DateTime64(6, 'UTC') COMMENT 'When the customer asked, UTC',
    linked_at DateTime64(6, 'UTC') COMMENT 'When the request was put to the item, UTC',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, link_id)
COMMENT 'Who asked for which item, where and when: one row per request.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.feedback_notice ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    notice_id String COMMENT 'Notice, as its source names it',
    item_id String COMMENT 'Feedback item, unique in the company',
    state LowCardinality(String) COMMENT 'State that was told: new, triaged, planned, in_progress, shipped or declined',
    contact_id String COMMENT 'Person at the customer who was told; empty when not known',
    channel LowCardinality(String) COMMENT 'Way it was told, as its source names it; empty when not told',
    at DateTime64(6, 'UTC') COMMENT 'When it was told, UTC',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, notice_id)
COMMENT 'Who was told how an item stands: one row per notice.';
