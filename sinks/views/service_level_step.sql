/*
comment: >-
  Each step of a service level clock that was kept or breached, by the deadlines and events that stand now: that time ran out,
  that what was waited for came, and that what came to be known only later had come in time. What gave a clock another deadline,
  a priority or a policy, is no step: steps are told by the deadline that holds
columns:
  metric: Always sla_breach_rate
  account_id: Account
  ticket_id: Ticket that the clock ran for
  item: first_reply, next_reply, resolution, requester_wait or agent_work, a slash, and which clock of these
  moment: Deadline, which places the clock in windows, UTC
  kind: time where the deadline passed; late or correction where what is known later undoes that; late or first else
  numerator: What breached clocks gained
  denominator: What kept and breached clocks gained
  reason: What the step is
  event_id: Event behind the step; of time the one that started the clock. Empty where none has the clock's own time
  source: System and instance that the event comes from
  occurred_at: When it happened, UTC; of time the deadline
  known_at: When Kafka stored the event, UTC; of time the deadline
*/
SELECT
    'sla_breach_rate' AS metric,
    account_id,
    ticket_id,
    item,
    moment,
    tupleElement(made, 1) AS kind,
    tupleElement(made, 2) AS numerator,
    tupleElement(made, 3) AS denominator,
    tupleElement(made, 4) AS reason,
    tupleElement(tupleElement(made, 5), 2) AS event_id,
    tupleElement(tupleElement(made, 5), 3) AS source,
    if(kind = 'time', moment, tupleElement(tupleElement(made, 5), 4)) AS occurred_at,
    if(kind = 'time', moment, tupleElement(tupleElement(made, 5), 1)) AS known_at
FROM
(
    SELECT
        account_id,
        ticket_id,
        item,
        moment,
        if(tupleElement(told_start, 2) = '', (activated_at, '', '', activated_at, ''), told_start) AS begun,
        if(tupleElement(told_end, 2) = '', if(is_kept, (kept_at, '', '', kept_at, ''), begun), told_end) AS ended,
        multiIf(
            tupleElement(begun, 1) < moment, 'time',
            is_load OR tupleElement(begun, 1) <= tupleElement(begun, 4) + toIntervalDay(14), 'first',
            'late'
        ) AS told_as,
        multiIf(
            is_breached OR (is_kept AND tupleElement(ended, 1) >= moment AND tupleElement(ended, 1) > tupleElement(begun, 1)),
            arrayConcat(
                [(told_as, toInt8(1), toInt8(1), 'deadline passed', begun)],
                if(is_breached, [], [(
                    multiIf(is_load, 'first', tupleElement(ended, 5) != '', 'correction', 'late'),
                    toInt8(-1),
                    toInt8(0),
                    'kept in time',
                    ended
                )])
            ),
            [(
                if(is_load OR tupleElement(ended, 1) <= tupleElement(ended, 4) + toIntervalDay(14), 'first', 'late'),
                toInt8(0),
                toInt8(1),
                'kept in time',
                ended
            )]
        ) AS steps
    FROM
    (
        SELECT
            _i.account_id AS account_id,
            _i.ticket_id AS ticket_id,
            _i.item AS item,
            _i.moment AS moment,
            _i.activated_at AS activated_at,
            _i.kept_at AS kept_at,
            _i.is_breached AS is_breached,
            _i.is_kept AS is_kept,
            _l.is_load = 1 AS is_load,
            _b.told AS told_start,
            _e.told AS told_end
        FROM
        (
            SELECT
                account_id,
                ticket_id,
                concat('ticket:', ticket_id) AS entity,
                concat(toString(metric), '/', toString(instance_no)) AS item,
                assumeNotNull(coalesce(breached_at, due_at)) AS moment,
                activated_at,
                ifNull(fulfilled_at, toDateTime64(0, 6, 'UTC')) AS kept_at,
                state = 'breached' AS is_breached,
                state = 'fulfilled' AND fulfilled_at IS NOT NULL AS is_kept
            FROM ${cx}.sla_instance
            WHERE state IN ('breached', 'fulfilled') AND coalesce(breached_at, due_at) IS NOT NULL AND is_test = 0
        ) AS _i
        LEFT JOIN
        (
            SELECT
                account_id,
                entity,
                occurred_at,
                min((ingested_at, event_id, toString(source), occurred_at, corrects_event_id)) AS told
            FROM ${cx}.event
            WHERE startsWith(entity, 'ticket:')
            GROUP BY account_id, entity, occurred_at
        ) AS _b ON _i.account_id = _b.account_id AND _i.entity = _b.entity AND _i.activated_at = _b.occurred_at
        LEFT JOIN
        (
            SELECT
                account_id,
                entity,
                occurred_at,
                min((ingested_at, event_id, toString(source), occurred_at, corrects_event_id)) AS told
            FROM ${cx}.event
            WHERE startsWith(entity, 'ticket:')
            GROUP BY account_id, entity, occurred_at
        ) AS _e ON _i.account_id = _e.account_id AND _i.entity = _e.entity AND _i.kept_at = _e.occurred_at
        LEFT JOIN
        (
            SELECT account_id, entity_id, max(is_load) AS is_load
            FROM ${cx}.metric_change
            WHERE metric = 'escalation_rate'
            GROUP BY account_id, entity_id
        ) AS _l ON _i.account_id = _l.account_id AND _i.ticket_id = _l.entity_id
    )
)
ARRAY JOIN steps AS made
