-- What clocks go by (hours, holidays, service level policies) and the clocks of tickets.

CREATE TABLE IF NOT EXISTS ${GENERATION}.schedule ${ON_CLUSTER}
(
    schedule_id LowCardinality(String) COMMENT 'Schedule of business hours',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    weekday UInt16 COMMENT 'Weekday of the hours, 1 Monday to 7 Sunday',
    start_minute UInt16 COMMENT 'Minute since local midnight at which the hours begin',
    end_minute UInt16 COMMENT 'Minute since local midnight at which the hours end, exclusive, up to 1440',
    time_zone LowCardinality(String) COMMENT 'IANA time zone that the hours are meant in',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (schedule_id, valid_from, weekday, start_minute)
COMMENT 'Business hours of schedules, and from when each set of them is in force: one row per interval of a weekday.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.holiday ${ON_CLUSTER}
(
    schedule_id LowCardinality(String) COMMENT 'Schedule of business hours',
    holiday_set_id LowCardinality(String) COMMENT 'Set that the day belongs to; its next version replaces all its days',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    date String COMMENT 'Day in the schedule\'s zone, such as 2026-12-25',
    name String COMMENT 'Name of the day for people; empty when not told',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (schedule_id, holiday_set_id, valid_from, date)
COMMENT 'Days without hours, and from when they are in force: one row per day of each holiday set.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.sla_policy ${ON_CLUSTER}
(
    policy_id LowCardinality(String) COMMENT 'Service level policy',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    policy_version LowCardinality(String) COMMENT 'Version that is recorded with what the policy shaped',
    position Int32 COMMENT 'Place among the policies: of those that match a ticket the lowest decides',
    is_active UInt8 COMMENT '0 where the policy no longer holds',
    channels Array(String) COMMENT 'Channels of the tickets that it is for',
    groups Array(String) COMMENT 'Groups of the tickets that it is for',
    priorities Array(String) COMMENT 'Priorities of the tickets that it is for',
    topics Array(String) COMMENT 'Topics of the tickets that it is for',
    account_ids Array(String) COMMENT 'Accounts whose tickets it is for',
    schedule_id LowCardinality(String) COMMENT 'Schedule whose hours count; empty for the ticket\'s own',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (policy_id, valid_from)
COMMENT 'Service level policies: for which tickets, and from when each version is in force. Empty lists take any value.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.sla_target ${ON_CLUSTER}
(
    policy_id LowCardinality(String) COMMENT 'Service level policy',
    valid_from DateTime64(6, 'UTC') COMMENT 'From when it holds, UTC, inclusive; until the next row of the same subject',
    metric LowCardinality(String) COMMENT 'first_reply, next_reply, resolution, requester_wait or agent_work',
    priority LowCardinality(String) COMMENT 'Priority that it is for; empty for any other',
    target_s Int64 COMMENT 'Seconds that the clock may run',
    is_business UInt8 COMMENT '1 where only hours of the schedule count',
    event_id String COMMENT 'Event that the row\'s present content comes from',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (policy_id, valid_from, metric, priority)
COMMENT 'Targets of service level policies: one row per policy version, metric and priority.';

CREATE TABLE IF NOT EXISTS ${GENERATION}.sla_instance ${ON_CLUSTER}
(
    account_id String COMMENT 'Account (customer company) of the row; the Kafka key of its events',
    ticket_id String COMMENT 'Ticket that the clock runs for',
    metric LowCardinality(String) COMMENT 'first_reply, next_reply, resolution, requester_wait or agent_work',
    instance_no UInt32 COMMENT 'Which clock of the metric on this ticket, from 1',
    state LowCardinality(String) COMMENT 'running, paused, fulfilled, breached (and remains so) or cancelled',
    activated_at DateTime64(6, 'UTC') COMMENT 'When the clock began, UTC, even where the target was set later',
    due_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the target is used up if the clock runs on, UTC; NULL while paused',
    at_risk_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When no more of the target is left than sla_at_risk_seconds, UTC; NULL while paused and once ended',
    running_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it runs without a pause, UTC; NULL where it does not run',
    paused_since Nullable(DateTime64(6, 'UTC')) COMMENT 'Since when it is paused, UTC; NULL where it is not',
    fulfilled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When what it waits for came, in time or late, UTC; NULL before',
    breached_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When the target was used up, UTC; NULL where it was not',
    cancelled_at Nullable(DateTime64(6, 'UTC')) COMMENT 'When nothing was waited for any more, UTC; NULL otherwise',
    target_us Int64 COMMENT 'Time that the clock may run, microseconds',
    is_business UInt8 COMMENT '1 where only hours of the schedule count',
    elapsed_us Int64 COMMENT 'Time counted up to its end, or up to running_since or paused_since, microseconds',
    policy_id LowCardinality(String) COMMENT 'Policy that set the target; empty where its source names none',
    policy_version LowCardinality(String) COMMENT 'Version of that policy; empty where the source applied the target',
    schedule_id LowCardinality(String) COMMENT 'Schedule whose hours count; empty for calendar time',
    priority LowCardinality(String) COMMENT 'Priority of the ticket when the target was set; empty when not told',
    channel LowCardinality(String) COMMENT 'Channel that the ticket was opened through',
    assignee_id String COMMENT 'Agent who had the ticket when the clock ended, has it now while it has not',
    is_test UInt8 COMMENT '1 when an event behind the row was marked as test data; metrics leave it out',
    version UInt64 COMMENT 'Version of the row: of two rows with the same key the higher one holds',
    is_deleted UInt8 COMMENT '1 when the row was withdrawn; views leave it out'
)
ENGINE = ${REPLACING_ENGINE}(version, is_deleted)
ORDER BY (account_id, ticket_id, metric, instance_no)
COMMENT 'Service level clocks of tickets: one row per ticket, metric and instance that a policy set a target for.';
