/*
comment: Public messages of requesters and of people who answer, in tickets that count
columns:
  moment: When the message was sent, UTC
  account_id: Account of the ticket
  fact_id: Ticket and message
  channel: Channel of the message
  channels: The channel, and an empty name that stands for all of them
  is_asked: 1 for a message of the requester, 0 for one of a human agent
  is_outside: 1 when sent outside of business hours; NULL while no schedule is known
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _m.sent_at AS moment,
    _m.account_id AS account_id,
    concat(_m.ticket_id, '/', _m.message_id) AS fact_id,
    toString(_m.channel) AS channel,
    [toString(_m.channel), ''] AS channels,
    toUInt8(_m.author_type = 'requester') AS is_asked,
    _m.out_of_hours AS is_outside,
    [concat('ticket:', _m.ticket_id)] AS entities
FROM ${cx}.ticket_message AS _m
LEFT ANTI JOIN (SELECT account_id, ticket_id FROM ${cx}.ticket WHERE removed_at IS NOT NULL OR is_test = 1) AS _t
    ON _m.account_id = _t.account_id AND _m.ticket_id = _t.ticket_id
WHERE _m.is_public = 1 AND _m.author_type IN ('requester', 'agent') AND _m.is_test = 0
