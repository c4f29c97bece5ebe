-- The service desk: tickets with their spans, messages, waits, solves and escalations, and touches outside of them. Durations are microseconds.

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    channel LowCardinality(String) COMMENT 'Channel as its source names it (zendesk_web, email, discord, phone, ...)',
    requester_id String COMMENT 'Contact who asked; empty when not told',
    created_by_agent UInt8 COMMENT '1 when an agent opened it on the requester\'s behalf',
    follows_ticket_id String COMMENT 'Closed ticket that this one follows up on; empty for none',
    group_id LowCardinality(String) COMMENT 'Group or queue that has it; empty for none',
    schedule_id LowCardinality(String) COMMENT 'Schedule of business hours that the ticket is measured by',
    topic LowCardinality(String) COMMENT 'Topic of the taxonomy that it is about; empty while none is set',
    priority LowCardinality(String) COMMENT 'Priority in the source\'s words; empty for none',
    status LowCardinality(String) COMMENT 'new, open, pending, hold, solved, closed; deleted, merged or spam; incomplete without a start',
    custom_status LowCardinality(String) COMMENT 'The source\'s own name of the status; empty when not told',
    assignee_id String COMMENT 'Agent who had the ticket; empty for nobody',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it began, UTC; NULL while incomplete',
    first_assigned_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When an agent first had it, UTC; NULL before that',
    first_reply_at Nullable(DateTime64(6, 'UTC')) COMMENT 'First public reply of a human agent, the second where an agent\'s opened it, UTC; NULL before that',
    first_reply_us Nullable(Int64) COMMENT 'From its start to the first reply, calendar microseconds',
    first_reply_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds; NULL while no schedule is known',
    first_solved_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was first solved, or closed without that, UTC; NULL before that',
    first_solved_us Nullable(Int64) COMMENT 'From its start to the first solve, calendar microseconds',
    first_solved_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds; NULL while no schedule is known',
    last_solved_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was last solved, UTC; NULL while it is not solved or closed',
    last_solved_us Nullable(Int64) COMMENT 'From its start to the last solve, calendar microseconds',
    last_solved_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds; NULL while no schedule is known',
    closed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was closed for good, UTC; NULL while it is not',
    removed_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was deleted, merged or marked as spam, UTC; NULL if not',
    merged_into String COMMENT 'Ticket that took it in; empty unless merged',
    status_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it has its status, UTC; NULL while incomplete',
    requester_wait_us Int64 COMMENT 'Time in new, open and hold up to status_since, calendar microseconds',
    requester_wait_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds',
    agent_wait_us Int64 COMMENT 'Time in pending up to status_since, calendar microseconds',
    agent_wait_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds',
    on_hold_us Int64 COMMENT 'Time in hold up to status_since, calendar microseconds',
    on_hold_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds',
    agent_work_us Int64 COMMENT 'Time in new and open up to status_since, calendar microseconds',
    agent_work_business_us Nullable(Int64) COMMENT 'The same in business time, microseconds',
    public_replies UInt32 COMMENT 'Public replies of human agents; those of one session count once',
    requester_messages UInt32 COMMENT 'Public messages of the requester',
    messages UInt32 COMMENT 'Messages of any author that are in the figures',
    events_left_out UInt32 COMMENT 'Events beyond the limits of a ticket, mostly messages: taken in, but in no figure',
    agents UInt16 COMMENT 'Distinct human agents who wrote a message, public or not',
    solves UInt16 COMMENT 'Times it was solved',
    reopens UInt16 COMMENT 'Times it was opened again after that',
    escalations UInt16 COMMENT 'Times it was escalated',
    tier LowCardinality(String) COMMENT 'Support tier as the source names it; empty when not told',
    csat_offered_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When a rating was first asked for, UTC; NULL if never',
    csat_rated_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the rating that stands was given, UTC; NULL without one',
    csat_score Nullable(Float64) COMMENT 'Rating that stands, on its own scale; NULL without one',
    csat_scale_min Nullable(Float64) COMMENT 'Lowest rating of its scale',
    csat_scale_max Nullable(Float64) COMMENT 'Highest rating of its scale',
    csat_positive_from Nullable(Float64) COMMENT 'Lowest rating that counts as satisfied',
    csat_assignee_id String COMMENT 'Agent who is rated; empty without a rating or for nobody',
    csat_has_comment UInt8 COMMENT '1 when words came with the rating',
    flags Array(String) COMMENT 'What is odd about the row, as codes in alphabetical order; mostly empty',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    source LowCardinality(String) COMMENT 'System and instance that the row\'s content comes from, such as zendesk:main',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    occurred_at DateTime64(6, 'UTC') COMMENT 'When the newest applied event happened, UTC',
    ingested_at DateTime64(6, 'UTC') COMMENT 'When Kafka stored the newest event behind the row, UTC (record time)',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id)
COMMENT 'Tickets as they stand after every event and correction: one row per ticket.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket_span ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    from_at DateTime64(6, 'UTC') COMMENT 'Start of the span, UTC, inclusive',
    until_at Nullable(DateTime64(6, 'UTC')) COMMENT 'End of the span, UTC, exclusive; NULL while it lasts',
    status LowCardinality(String) COMMENT 'new, open, pending, hold, solved, closed, deleted, merged or spam',
    custom_status LowCardinality(String) COMMENT 'The source\'s own name of the status; empty when not told',
    assignee_id String COMMENT 'Agent who had the ticket; empty for nobody',
    priority LowCardinality(String) COMMENT 'Priority in the source\'s words; empty for none',
    is_backlog UInt8 COMMENT '1 while the ticket is neither solved, closed nor removed',
    opened_at DateTime64(6, 'UTC') COMMENT 'When the ticket began, UTC',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, from_at)
COMMENT 'Life of tickets in spans without change, from start to removal: one row per ticket and start of a span.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket_message ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    message_id String COMMENT 'Message within the ticket',
    author_type LowCardinality(String) COMMENT 'requester, agent (human), bot, system or unknown',
    author_id String COMMENT 'Contact, agent or bot who wrote it; empty when not told',
    is_public UInt8 COMMENT '1 when the requester sees it',
    is_redacted UInt8 COMMENT '1 when its text was removed',
    channel LowCardinality(String) COMMENT 'Channel as its source names it (zendesk_web, email, discord, phone, ...)',
    session_id String COMMENT 'Messaging session that it belongs to; empty for none',
    sent_at DateTime64(6, 'UTC') COMMENT 'When it was sent, UTC',
    has_text UInt8 COMMENT '0 when it came without text',
    out_of_hours Nullable(UInt8) COMMENT '1 when sent outside of business hours; NULL while no schedule is known',
    schedule_id LowCardinality(String) COMMENT 'Schedule of business hours that the ticket is measured by',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, message_id)
COMMENT 'Messages in tickets, without their text: one row per message.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket_next_reply ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    instance_no UInt32 COMMENT 'Which wait of the ticket, from 1',
    asked_at DateTime64(6, 'UTC') COMMENT 'When the oldest unanswered message was sent, UTC',
    answered_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the wait ended, UTC; NULL while it lasts',
    waited_us Nullable(Int64) COMMENT 'How long it lasted, calendar microseconds; NULL while it does',
    waited_business_us Nullable(Int64) COMMENT 'The same in business time; NULL while no schedule is known, too',
    ended_by LowCardinality(String) COMMENT 'reply, solved or removed; empty while it lasts',
    agent_id String COMMENT 'Agent who replied; empty while nobody did or when not told',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, instance_no)
COMMENT 'Waits of requesters for a public reply: one row per wait, from the oldest unanswered message on.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket_solve ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    ordinal UInt16 COMMENT 'Which solve of the ticket, from 1',
    solved_at DateTime64(6, 'UTC') COMMENT 'When it was solved, or closed without that, UTC',
    assignee_id String COMMENT 'Agent who had the ticket; empty for nobody',
    by_closing UInt8 COMMENT '1 when it was closed without ever having been solved',
    reopened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When it was opened again, UTC; NULL if it never was',
    reopened_by String COMMENT 'Contact or agent who did; the kind of actor when no name is told; empty if none',
    by_message UInt8 COMMENT '1 when a message of the requester opened it again by itself',
    opened_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the ticket began, UTC; NULL while incomplete',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, ordinal)
COMMENT 'Times that tickets were solved, and what came of each: one row per solve.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.ticket_escalation ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket within the account',
    event_id String COMMENT 'Event that tells of the escalation',
    at DateTime64(6, 'UTC') COMMENT 'When it was escalated, UTC',
    kind LowCardinality(String) COMMENT 'hierarchical, functional or unknown',
    from_tier LowCardinality(String) COMMENT 'Support tier as the source names it; empty when not told',
    to_tier LowCardinality(String) COMMENT 'Support tier as the source names it; empty when not told',
    reason String COMMENT 'Why, in the source\'s words; empty when not told',
    assignee_id String COMMENT 'Agent who had the ticket; empty for nobody',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, event_id)
COMMENT 'Escalations of tickets: one row per escalation.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.touch ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    touch_id String COMMENT 'Touch, as its source names it',
    kind LowCardinality(String) COMMENT 'What it was, in the source\'s words (call, meeting, email, ...)',
    direction LowCardinality(String) COMMENT 'inbound, outbound or unknown',
    channel LowCardinality(String) COMMENT 'Way it took place; empty when its kind tells',
    contact_id String COMMENT 'Person at the customer; empty when not told',
    manager_id String COMMENT 'Our person; empty when not told',
    at DateTime64(6, 'UTC') COMMENT 'When it took place, UTC',
    duration_s Nullable(UInt32) COMMENT 'How long it took, seconds; NULL when not told',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, touch_id)
COMMENT 'Calls, meetings and e-mails outside of tickets: one row per touch.';
