/*
comment: >-
  Tickets from their start until they are closed for the first time or removed, solved or not. Stock as of any instant T:
  WHERE from_at <= T AND until_at > T
columns:
  account_id: Account that asked
  ticket_id: Ticket
  from_at: When the ticket began, UTC
  until_at: When it was first closed or removed, UTC, exclusive; the year 2149 while it is neither
  is_closed: 1 when it was closed
*/
SELECT
    _t.account_id AS account_id,
    _t.ticket_id AS ticket_id,
    assumeNotNull(_t.opened_at) AS from_at,
    least(
        if(_c.is_closed = 1, _c.at, ${end_of_days}),
        ifNull(_t.removed_at, ${end_of_days})
    ) AS until_at,
    _c.is_closed AS is_closed
FROM ${cx}.ticket AS _t
LEFT JOIN
(
    SELECT account_id, ticket_id, min(from_at) AS at, toUInt8(1) AS is_closed
    FROM ${cx}.ticket_span
    WHERE status = 'closed'
    GROUP BY account_id, ticket_id
) AS _c ON _t.account_id = _c.account_id AND _t.ticket_id = _c.ticket_id
WHERE _t.opened_at IS NOT NULL AND _t.is_test = 0
