/*
comment: >-
  Tickets while they were neither solved, closed nor removed: one row per ticket and span of the same assignee and
  priority. Stock as of any instant T: WHERE from_at <= T AND until_at > T, their ages T - opened_at
columns:
  account_id: Account that asked
  ticket_id: Ticket
  from_at: From when, UTC, inclusive
  until_at: Until when, UTC, exclusive; the year 2149 while it lasts
  opened_at: When the ticket began, UTC
  status: new, open, pending or hold
  priority: Priority then; empty for none
  assignee_id: Agent who had it then; empty for nobody
*/
SELECT
    account_id,
    ticket_id,
    from_at,
    ifNull(until_at, ${end_of_days}) AS until_at,
    opened_at,
    toString(status) AS status,
    toString(priority) AS priority,
    assignee_id
FROM ${cx}.ticket_span AS _s
WHERE is_backlog = 1 AND is_test = 0
