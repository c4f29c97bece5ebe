/*
comment: >-
  What had counted for one manager or segment and counts for another since a late or corrected assignment became known:
  one row per metric, day and slice. Stocks (mrr, receivable) are not in it: slices of a stock are those of each moment that is
  asked for and not of a posting. Their own views have it as hand-overs between slices (mrr_bridge), or by day (ar_open, mrr)
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Always account
  entity_id: Account that has another owner or segment
  item: Part of the figure, such as a currency or a topic, or what a setting decides by; empty for the whole
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: The same as day
  dimension: manager or segment
  slice: Slice that gained or lost it; empty where no slice is known, too
  grain: Always empty
  kind: reference, or first where a load did it
  numerator: What the numerator gained; money in units of its currency, times in seconds
  denominator: What the denominator gained
  old_value: Always NULL
  new_value: Always NULL
  reason: Reason given by the source, or what the event did; empty for what is told in time
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT
    metric,
    account_id,
    'account' AS entity_kind,
    account_id AS entity_id,
    part AS item,
    day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    dimension,
    slice,
    '' AS grain,
    if(tupleElement(cause, 5) = 1, 'first', 'reference') AS kind,
    toDecimal128(gained_numerator, 6) / 1000000 AS numerator,
    toDecimal128(gained_denominator, 6) / 1000000 AS denominator,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    concat(dimension, ' of the account') AS reason,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at
FROM
(
    SELECT
        metric,
        account_id,
        part,
        day,
        dimension,
        cause,
        tupleElement(moved, 1) AS slice,
        sum(toInt128(tupleElement(moved, 2))) AS gained_numerator,
        sum(toInt128(tupleElement(moved, 3))) AS gained_denominator
    FROM
    (
        SELECT
            _r.metric AS metric,
            _r.account_id AS account_id,
            _r.part AS part,
            toDate(least(_r.window_at, ${end_of_days}), '${zone}') AS day,
            _c.dimension AS dimension,
            _c.cause AS cause,
            arrayLast(b -> tupleElement(b, 1) <= _r.window_at, _c.begins_before) AS one,
            arrayLast(b -> tupleElement(b, 1) <= _r.window_at, _c.begins) AS other,
            arrayExists(
                e -> tupleElement(e, 2) = tupleElement(one, 2) AND tupleElement(e, 1) <= _r.window_at, _c.ends_before
            ) AS has_ended_before,
            arrayExists(
                e -> tupleElement(e, 2) = tupleElement(other, 2) AND tupleElement(e, 1) <= _r.window_at, _c.ends
            ) AS has_ended,
            if(has_ended_before, '', tupleElement(one, 3)) AS slice_before,
            if(has_ended, '', tupleElement(other, 3)) AS slice_after,
            arrayJoin(
                [
                    (slice_before, -_r.numerator_micros, -_r.denominator_micros),
                    (slice_after, _r.numerator_micros, _r.denominator_micros)
                ]
            ) AS moved
        FROM
        (
            SELECT
                metric,
                account_id,
                -- The part of an entity that a figure is split by, or that a setting decides about; not each entity's own.
                multiIf(
                    metric = 'nps', '',
                    metric IN ('collections', 'refunded'), splitByChar('/', item)[1],
                    metric IN ('renewal_rate_gross', 'renewal_rate_net'), arrayStringConcat(arraySlice(splitByChar('/', item), 1, 2), '/'),
                    item
                ) AS part,
                window_at,
                ingested_at,
                numerator_micros,
                denominator_micros
            FROM ${cx}.counted_change
            WHERE metric NOT IN ('mrr', 'receivable', 'late_payment_rate', 'closed_loop_rate', 'reopen_rate', 'csat', 'ces')
            UNION ALL
            SELECT
                metric,
                account_id,
                if(metric IN ('closed_loop_rate', 'reopen_rate'), item, if(metric = 'late_payment_rate', whole, '')),
                moment,
                tupleElement(cause, 1),
                numerator_micros,
                denominator_micros
            FROM ${cx}.valued_step
            UNION ALL
            SELECT
                metric,
                account_id,
                splitByChar('/', item)[1],
                moment,
                known_at,
                1000000 * toInt64(numerator),
                1000000 * toInt64(denominator)
            FROM ${cx}.service_level_step
        ) AS _r
        INNER JOIN
        (
            SELECT
                account_id,
                dimension,
                causes[place] AS cause,
                arrayMin(s -> tupleElement(s, 1), tupleElement(arrayFilter(s -> tupleElement(s, 1) = cause, steps), 2)) AS since,
                arrayFilter(f -> tupleElement(f, 3) != '' OR dimension = 'segment', lives[place]) AS begins,
                arrayFilter(f -> tupleElement(f, 3) = '' AND dimension = 'manager', lives[place]) AS ends,
                arrayFilter(f -> tupleElement(f, 3) != '' OR dimension = 'segment', lives[place - 1]) AS begins_before,
                arrayFilter(f -> tupleElement(f, 3) = '' AND dimension = 'manager', lives[place - 1]) AS ends_before
            FROM
            (
                SELECT
                    *,
                    arrayMap(
                        c -> arrayFilter(
                            f -> arraySum(
                                s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), steps
                            ) > 0,
                            facts
                        ),
                        causes
                    ) AS lives
                FROM
                (
                    SELECT
                        account_id,
                        toString(metric) AS dimension,
                        arraySort(
                            groupArray(
                                (
                                    (ingested_at, event_id, toString(source), occurred_at, is_load),
                                    (window_at, entity_id, item),
                                    denominator_micros
                                )
                            )
                        ) AS steps,
                        arrayDistinct(tupleElement(steps, 1)) AS causes,
                        arraySort(arrayDistinct(tupleElement(steps, 2))) AS facts
                    FROM ${cx}.metric_change
                    WHERE metric IN ('manager', 'segment')
                    GROUP BY account_id, metric
                )
            )
            ARRAY JOIN arrayEnumerate(causes) AS place
        ) AS _c ON _r.account_id = _c.account_id
        WHERE _r.ingested_at <= tupleElement(_c.cause, 1) AND _r.window_at >= _c.since AND slice_before != slice_after
    )
    GROUP BY metric, account_id, part, day, dimension, cause, slice
    HAVING gained_numerator != 0 OR gained_denominator != 0
)
