/*
comment: Service level clocks by the day of their deadline, with how they came out
columns:
  moment: When the target was, or is, used up, UTC
  account_id: Account that asked
  fact_id: Ticket, metric and number of the clock, with slashes between
  metric: first_reply, next_reply, resolution, requester_wait or agent_work
  channel: Channel that the ticket came in by
  policy: Policy that set the target; empty where its source names none
  priority: Priority of the ticket when the target was set
  agent: Agent who had the ticket when the clock ended
  is_breached: 1 when the target was used up before what was waited for came
  is_decided: 1 when it was kept or breached
  is_running: 1 while it may still be either
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(coalesce(breached_at, due_at)) AS moment,
    account_id,
    concat(ticket_id, '/', toString(metric), '/', toString(instance_no)) AS fact_id,
    toString(metric) AS metric,
    toString(channel) AS channel,
    toString(policy_id) AS policy,
    toString(priority) AS priority,
    assignee_id AS agent,
    toUInt8(state = 'breached') AS is_breached,
    toUInt8(state IN ('breached', 'fulfilled')) AS is_decided,
    toUInt8(state = 'running') AS is_running,
    [concat('ticket:', ticket_id)] AS entities
FROM ${cx}.sla_instance
WHERE state IN ('breached', 'fulfilled', 'running') AND coalesce(breached_at, due_at) IS NOT NULL AND is_test = 0
