/*
comment: Tickets that count, with how long they waited for a person
columns:
  moment: When the ticket was opened, UTC
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  requester_id: Contact who asked; empty when not told
  topic: Topic that it is about; empty while none is set
  topics: The topic, and an empty name that stands for all tickets
  channels: The channel, and an empty name that stands for all of them
  reply_us: From its start to the first public reply of a person, microseconds; NULL before that
  reply_business_us: The same in business time; NULL while no schedule is known, too
  assigned_us: From its start until an agent first had it, microseconds; NULL before that
  is_unanswered: 1 while it has no such reply and is neither solved nor closed
  is_unassigned: 1 while no agent has had it and it is neither solved nor closed
  is_under_way: 1 while it is neither solved nor closed
  escalations: Times it was escalated
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(opened_at) AS moment,
    account_id,
    ticket_id AS fact_id,
    toString(channel) AS channel,
    requester_id,
    toString(topic) AS topic,
    arrayDistinct([toString(topic), '']) AS topics,
    [toString(channel), ''] AS channels,
    first_reply_us AS reply_us,
    first_reply_business_us AS reply_business_us,
    if(
        first_assigned_at IS NULL,
        NULL,
        greatest(toUnixTimestamp64Micro(assumeNotNull(first_assigned_at)) - toUnixTimestamp64Micro(moment), 0)
    ) AS assigned_us,
    toUInt8(first_reply_us IS NULL AND is_under_way) AS is_unanswered,
    toUInt8(first_assigned_at IS NULL AND is_under_way) AS is_unassigned,
    toUInt8(status IN ('new', 'open', 'pending', 'hold')) AS is_under_way,
    escalations,
    [concat('ticket:', ticket_id)] AS entities
FROM ${cx}.ticket
WHERE opened_at IS NOT NULL AND removed_at IS NULL AND is_test = 0
