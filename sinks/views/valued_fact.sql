/*
comment: >-
  Changes of facts that count for what settings or time say: each with every value that it has had, as the settings that were
  known one after the other say. The first value is by what is shipped
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity
  whole: What a metric keeps apart of it, such as the currency
  kind: first, late, correction, retraction or displaced
  reason: What the event did, or that its source gave a reason in words
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC
  causes: When each other setting became known, the event's id, source and time, and whether a load did it
  stages: >-
    Before the first of them and after each: moment that places the fact in windows, numerator and denominator in millionths, and
    from when the numerator counts
*/
SELECT
    'late_payment_rate' AS metric,
    account_id,
    toString(entity_kind) AS entity_kind,
    entity_id,
    item,
    concat(splitByChar('/', item)[1], '/') AS whole,
    toString(kind) AS kind,
    if(reason IN (${own_reasons}), reason, 'given by the source') AS reason,
    old_value,
    new_value,
    event_id,
    toString(source) AS source,
    occurred_at,
    ingested_at,
    tupleElement(regimes, 1) AS causes,
    arrayMap(
        at -> (
            at,
            denominator_micros,
            denominator_micros,
            -- Days in the company's zone decide: the one on which it was settled, or else the one that it is.
            multiIf(
                closed = '', toTimeZone(toDateTime64(toDate(least(at, ${end_of_days}), '${zone}') + 1, 6, '${zone}'), 'UTC'),
                toDate(least(fromUnixTimestamp64Micro(toInt64OrZero(closed), 'UTC'), ${end_of_days}), '${zone}')
                > toDate(least(at, ${end_of_days}), '${zone}'),
                toDateTime64(0, 6, 'UTC'),
                toDateTime64('2299-12-31 00:00:00', 6, 'UTC')
            )
        ),
        moments
    ) AS stages
FROM
(
    SELECT
        *,
        splitByChar('/', item)[2] AS closed,
        window_at - toIntervalDay(30) AS issued_at,
        if(
            endsWith(item, '/terms'),
            (SELECT groupArrayArray(regimes) FROM ${cx}.setting_regime WHERE kind = 'policy' AND subject = 'payment_terms_days'),
            []
        ) AS regimes,
        arrayConcat(
            [window_at],
            arrayMap(
                value -> issued_at + toIntervalDay(if(value = '', 30, least(toUInt32OrZero(value), 36500))),
                arrayMap(r -> tupleElement(arrayLast(v -> tupleElement(v, 1) <= issued_at, tupleElement(r, 2)), 3), regimes)
            )
        ) AS moments
    FROM ${cx}.personal_metric_change
    WHERE metric = 'late_payment_rate'
)
UNION ALL
SELECT
    metric,
    account_id,
    toString(entity_kind),
    entity_id,
    item,
    '',
    toString(kind),
    if(reason IN (${own_reasons}), reason, 'given by the source'),
    old_value,
    new_value,
    event_id,
    toString(source),
    occurred_at,
    ingested_at,
    tupleElement(regimes, 1),
    arrayMap(
        most -> (
            window_at,
            if(item != '' AND toInt64OrZero(item) <= most, denominator_micros, 0),
            denominator_micros,
            toDateTime64(0, 6, 'UTC')
        ),
        arrayConcat(
            [shipped],
            arrayMap(
                value -> if(value = '', shipped, toInt64OrZero(value)),
                arrayMap(r -> tupleElement(arrayLast(v -> tupleElement(v, 1) <= window_at, tupleElement(r, 2)), 3), regimes)
            )
        )
    )
FROM
(
    SELECT
        * EXCEPT (metric),
        toString(metric) AS metric,
        if(metric = 'closed_loop_rate', toInt64(172800), toInt64(7)) AS shipped,
        if(
            metric = 'closed_loop_rate',
            (SELECT groupArrayArray(regimes) FROM ${cx}.setting_regime WHERE kind = 'policy' AND subject = 'followup_target_seconds'),
            (SELECT groupArrayArray(regimes) FROM ${cx}.setting_regime WHERE kind = 'policy' AND subject = 'reopen_horizon_days')
        ) AS regimes
    FROM ${cx}.personal_metric_change
    WHERE metric IN ('closed_loop_rate', 'reopen_rate')
)
UNION ALL
SELECT
    concat(of, if(is_mean, '_mean', '')),
    account_id,
    entity_kind,
    entity_id,
    item,
    item,
    kind,
    reason,
    old_value,
    new_value,
    event_id,
    source,
    occurred_at,
    ingested_at,
    causes,
    arrayMap(
        scale -> (
            window_at,
            toInt64(round(1000000 * (
                if(tupleElement(scale, 1), multiIf(is_mean, told, told >= tupleElement(scale, 3), 1, 0), 0)
                - if(tupleElement(scale, 2), multiIf(is_mean, told_before, told_before >= tupleElement(scale, 3), 1, 0), 0)
            ))),
            toInt64(1000000 * (toInt8(tupleElement(scale, 1)) - toInt8(tupleElement(scale, 2)))),
            toDateTime64(0, 6, 'UTC')
        ),
        arrayMap(
            s -> (
                new_value IS NOT NULL AND is_declared[s] AND told >= lows[s] AND told <= highs[s],
                old_value IS NOT NULL AND is_declared[s] AND told_before >= lows[s] AND told_before <= highs[s],
                thresholds[s]
            ),
            arrayEnumerate(is_declared)
        )
    )
FROM
(
    SELECT
        _c.*,
        arrayJoin([false, true]) AS is_mean,
        ifNull(_c.new_value, 0) AS told,
        ifNull(_c.old_value, 0) AS told_before,
        tupleElement(_s.regimes, 1) AS causes,
        arrayConcat(
            [['', '', '']],
            arrayMap(r -> splitByChar('/', ifNull(tupleElement(tupleElement(r, 2)[-1], 3), '')), _s.regimes)
        ) AS scales,
        arrayMap(s -> length(s) = 3 AND s[1] != '' AND s[2] != '' AND s[3] != '', scales) AS is_declared,
        arrayMap(s -> toFloat64OrZero(s[1]), scales) AS lows,
        arrayMap(s -> toFloat64OrZero(s[2]), scales) AS highs,
        arrayMap(s -> toFloat64OrZero(s[3]), scales) AS thresholds
    FROM
    (
        SELECT
            toString(metric) AS of,
            account_id,
            toString(entity_kind) AS entity_kind,
            entity_id,
            item,
            window_at,
            toString(kind) AS kind,
            if(reason IN (${own_reasons}), reason, 'given by the source') AS reason,
            old_value,
            new_value,
            event_id,
            toString(source) AS source,
            occurred_at,
            ingested_at
        FROM ${cx}.personal_metric_change
        WHERE metric IN ('csat', 'ces')
    ) AS _c
    LEFT JOIN (SELECT subject, regimes FROM ${cx}.setting_regime WHERE kind = 'scale') AS _s ON _c.item = _s.subject
)
