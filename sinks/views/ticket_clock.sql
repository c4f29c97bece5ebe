/*
comment: What each ticket has waited for, up to now where it still waits; four rows for each ticket
columns:
  moment: When the ticket was opened, UTC
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  clock: requester_wait (new, open and hold), agent_wait (pending), on_hold (hold) or agent_work (new and open)
  spent_us: Time in those statuses, microseconds, the present one up to now
  spent_business_us: Business time in those statuses that have ended, microseconds; NULL while no schedule is known
  is_under_way: 1 while the ticket is neither solved nor closed
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(opened_at) AS moment,
    account_id,
    ticket_id AS fact_id,
    toString(channel) AS channel,
    tupleElement(spent, 1) AS clock,
    tupleElement(spent, 2) + if(has(tupleElement(spent, 4), toString(status)), running_us, 0) AS spent_us,
    tupleElement(spent, 3) AS spent_business_us,
    toUInt8(status IN ('new', 'open', 'pending', 'hold')) AS is_under_way,
    [concat('ticket:', ticket_id)] AS entities
FROM
(
    SELECT
        *,
        greatest(toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(ifNull(status_since, ${now})), 0) AS running_us,
        arrayJoin([
            ('requester_wait', requester_wait_us, requester_wait_business_us, ['new', 'open', 'hold']),
            ('agent_wait', agent_wait_us, agent_wait_business_us, ['pending']),
            ('on_hold', on_hold_us, on_hold_business_us, ['hold']),
            ('agent_work', agent_work_us, agent_work_business_us, ['new', 'open'])
        ]) AS spent
    FROM ${cx}.ticket
    WHERE opened_at IS NOT NULL AND removed_at IS NULL AND is_test = 0
)
