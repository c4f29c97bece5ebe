/*
comment: Spans of backlog_span by days, without those that are in no day's stock
columns:
  account_id: Account that asked
  ticket_id: Ticket
  priority: Priority then; empty for none
  assignee_id: Agent who had the ticket then; empty for nobody
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more
  opened_day: Day on which the ticket began
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    account_id,
    ticket_id,
    toString(priority) AS priority,
    assignee_id,
    toDate(least(from_at, ${end_of_days}), '${zone}') AS from_day,
    if(until_at IS NULL, toDate('2149-01-01'), toDate(least(assumeNotNull(until_at), ${end_of_days}), '${zone}')) AS until_day,
    toDate(least(opened_at, ${end_of_days}), '${zone}') AS opened_day,
    [concat('ticket:', ticket_id)] AS entities
FROM ${cx}.ticket_span AS _s
WHERE is_backlog = 1 AND is_test = 0 AND from_day < until_day
