/*
comment: Service level clocks that somebody still has to act on, with what is left of each; most urgent first
columns:
  urgency: >-
    overdue (used up, and still waited for), at_risk (no more is left than the policy sla_at_risk_seconds says, in the
    time that the clock counts), in_time or paused
  account_id: Account that asked
  ticket_id: Ticket
  metric: first_reply, next_reply, resolution, requester_wait or agent_work
  instance_no: Which clock of the metric on this ticket, from 1
  due_at: When the target is, or was, used up, UTC; NULL while paused before that
  hours_left: Calendar hours until then, below zero once it has passed; NULL while paused before that
  at_risk_at: When it is, or was, called at risk, UTC; NULL while paused
  waiting_since: When the clock began, UTC
  paused_since: Since when it is paused, UTC; NULL where it is not
  target_hours: Hours that it may run, business hours where is_business is 1
  is_business: 1 where only hours of the schedule count
  policy_id: Policy that set the target; empty where its source names none
  priority: Priority of the ticket when the target was set
  channel: Channel that the ticket came in by
  assignee_id: Agent who has the ticket; empty for nobody
  manager: Manager who owns the account now; empty when nobody does
stored:
  order: [urgency, manager, account_id, ticket_id]
  times: 10
*/
SELECT
    multiIf(
        _s.breached_at <= ${now} OR _s.due_at <= ${now}, 'overdue',
        _s.running_since IS NULL, 'paused',
        _s.at_risk_at <= ${now}, 'at_risk',
        'in_time'
    ) AS urgency,
    _s.account_id AS account_id,
    _s.ticket_id AS ticket_id,
    toString(_s.metric) AS metric,
    _s.instance_no AS instance_no,
    ifNull(_s.breached_at, _s.due_at) AS due_at,
    (toUnixTimestamp64Micro(ifNull(_s.breached_at, _s.due_at)) - toUnixTimestamp64Micro(${now})) / 3600000000 AS hours_left,
    _s.at_risk_at AS at_risk_at,
    _s.activated_at AS waiting_since,
    _s.paused_since AS paused_since,
    _s.target_us / 3600000000 AS target_hours,
    toUInt8(_s.is_business) AS is_business,
    toString(_s.policy_id) AS policy_id,
    toString(_s.priority) AS priority,
    toString(_s.channel) AS channel,
    _s.assignee_id AS assignee_id,
    if(_o.valid_to IS NULL OR ${now} < _o.valid_to, ifNull(_o.slice, ''), '') AS manager
FROM
(
    SELECT *, ${now} AS seen_at
    FROM ${cx}.sla_instance
    WHERE state IN ('running', 'paused', 'breached') AND fulfilled_at IS NULL AND cancelled_at IS NULL AND is_test = 0
) AS _s
ASOF LEFT JOIN ${cx}.owner_history AS _o ON _s.account_id = _o.account_id AND _s.seen_at >= _o.valid_from
ORDER BY indexOf(['overdue', 'at_risk', 'in_time', 'paused'], urgency), due_at, account_id, ticket_id, metric, instance_no
