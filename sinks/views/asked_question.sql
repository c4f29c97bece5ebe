/*
comment: >-
  Waits of requesters for the next public reply, from the oldest message that nobody had answered; what was asked before the
  first reply waits for that one, and is not among them
columns:
  moment: When that message was sent, UTC
  account_id: Account that asked
  fact_id: Ticket and number of the wait within it
  channel: Channel that the ticket came in by
  agent: Agent who replied; empty while nobody did or when not told
  waited_us: How long it took, microseconds; NULL where no reply ended it
  waited_business_us: The same in business time; NULL while no schedule is known, too
  is_immature: 1 while the wait lasts
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _w.asked_at AS moment,
    _w.account_id AS account_id,
    concat(_w.ticket_id, '/', toString(_w.instance_no)) AS fact_id,
    _t.channel AS channel,
    _w.agent_id AS agent,
    if(_w.ended_by = 'reply', _w.waited_us, NULL) AS waited_us,
    if(_w.ended_by = 'reply', _w.waited_business_us, NULL) AS waited_business_us,
    toUInt8(_w.answered_at IS NULL) AS is_immature,
    [concat('ticket:', _w.ticket_id)] AS entities
FROM ${cx}.ticket_next_reply AS _w
INNER JOIN
(
    SELECT account_id, ticket_id, first_reply_at, toString(channel) AS channel
    FROM ${cx}.ticket
    WHERE opened_at IS NOT NULL AND removed_at IS NULL AND is_test = 0
) AS _t ON _w.account_id = _t.account_id AND _w.ticket_id = _t.ticket_id
WHERE _w.is_test = 0 AND _w.asked_at > _t.first_reply_at
