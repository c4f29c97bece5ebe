/*
comment: Tickets that count, with the ways in which they were escalated
columns:
  moment: When the ticket was opened, UTC
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  is_escalated: 1 when it was escalated at least once
  is_hierarchical: 1 when it went to somebody with more authority
  is_functional: 1 when it went to somebody with other knowledge
  is_under_way: 1 while it is neither solved nor closed
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _t.moment AS moment,
    _t.account_id AS account_id,
    _t.fact_id AS fact_id,
    _t.channel AS channel,
    toUInt8(_t.escalations > 0) AS is_escalated,
    toUInt8(has(_e.kinds, 'hierarchical')) AS is_hierarchical,
    toUInt8(has(_e.kinds, 'functional')) AS is_functional,
    _t.is_under_way AS is_under_way,
    _t.entities AS entities
FROM ${cx}.opened_ticket AS _t
LEFT JOIN
(
    SELECT account_id, ticket_id, groupUniqArray(toString(kind)) AS kinds
    FROM ${cx}.ticket_escalation
    GROUP BY account_id, ticket_id
) AS _e ON _t.account_id = _e.account_id AND _t.fact_id = _e.ticket_id
