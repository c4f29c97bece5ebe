/*
comment: >-
  What later answers of the same person, and what became of them, changed in windows where the latest answer alone counts:
  an answer that another one displaces counts for nothing from then on, and again once that one is gone
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity, such as a question; empty for the whole
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: >-
    Day that a rolling window has to reach for the change to count in it: that of the later answer; elsewhere that of the
    answer itself
  dimension: Always empty
  slice: Always empty
  grain: Windows that the change counts in, day, week, month, quarter or rolling_90d
  kind: displaced, or first where a load did it
  numerator: What the numerator gained; money in units of its currency, times in seconds
  denominator: What the denominator gained
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  reason: Reason given by the source, or what the event did; empty for what is told in time
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT
    metric,
    account_id,
    'response' AS entity_kind,
    tupleElement(fact, 2) AS entity_id,
    tupleElement(fact, 3) AS item,
    day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    tupleElement(moved, 2) AS from_day,
    '' AS dimension,
    '' AS slice,
    tupleElement(moved, 1) AS grain,
    if(tupleElement(cause, 5) = 1, 'first', 'displaced') AS kind,
    toDecimal128(tupleElement(moved, 3), 6) / 1000000 AS numerator,
    toDecimal128(tupleElement(moved, 4), 6) / 1000000 AS denominator,
    if(denominator < 0, said, NULL) AS old_value,
    if(denominator > 0, said, NULL) AS new_value,
    multiIf(denominator < 0, 'a later answer', denominator > 0, 'no later answer', 'answer changed') AS reason,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at
FROM
(
    SELECT
        metric,
        account_id,
        fact,
        cause,
        day,
        said,
        -- In windows of each length: what was taken off before is given back, what is taken off now is taken.
        arrayJoin(
            arrayFilter(
                m -> tupleElement(m, 3) != 0 OR tupleElement(m, 4) != 0,
                arrayFlatten(
                    arrayMap(
                        (g, w, n) -> if(
                            tupleElement(w, 1) = tupleElement(n, 1),
                            [
                                (
                                    g,
                                    tupleElement(n, 1),
                                    tupleElement(w, 2) - tupleElement(n, 2),
                                    tupleElement(w, 3) - tupleElement(n, 3)
                                )
                            ],
                            [
                                (g, tupleElement(w, 1), tupleElement(w, 2), tupleElement(w, 3)),
                                (g, tupleElement(n, 1), -tupleElement(n, 2), -tupleElement(n, 3))
                            ]
                        ),
                        ['day', 'week', 'month', 'quarter', 'rolling_90d'],
                        was,
                        now
                    )
                )
            )
        ) AS moved
    FROM
    (
        SELECT
            metric,
            account_id,
            fact,
            causes[place] AS cause,
            day,
            takens[place] AS now,
            if(place = 1, arrayResize([(toDate(0), toInt64(0), toInt64(0))], 5), takens[place - 1]) AS was,
            tupleElement(arrayLast(s -> tupleElement(s, 2) = fact AND tupleElement(s, 1) <= cause, own), 5) AS said
        FROM
        (
            -- What is taken from the fact's own part once each cause was known, in windows of each length: all of it where
            -- the answer that comes next is in the same window, and of rolling ones in those that reach both.
            SELECT
                tupleElement(each, 1) AS metric,
                account_id,
                tupleElement(each, 2) AS fact,
                arrayFilter(s -> tupleElement(s, 6) = metric AND tupleElement(s, 2) = fact, steps) AS own,
                causes,
                toDate(least(tupleElement(fact, 1), ${end_of_days}), '${zone}') AS day,
                arrayMap(
                    (c, l) -> (
                        arraySort(arrayFilter(f -> f > (tupleElement(fact, 1), tupleElement(fact, 2)), l))[1],
                        arraySum(s -> if(tupleElement(s, 2) = fact AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), own),
                        arraySum(s -> if(tupleElement(s, 2) = fact AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), own)
                    ),
                    causes,
                    lives
                ) AS followed,
                arrayMap(
                    n -> arrayMap(
                        (is_same, from) -> if(
                            tupleElement(tupleElement(n, 1), 2) != '' AND is_same,
                            (from, tupleElement(n, 2), tupleElement(n, 3)),
                            (from, toInt64(0), toInt64(0))
                        ),
                        arrayMap(
                            d -> [
                                d = day,
                                toStartOfWeek(d, ${week_mode}) = toStartOfWeek(day, ${week_mode}),
                                toStartOfMonth(d) = toStartOfMonth(day),
                                toStartOfQuarter(d) = toStartOfQuarter(day),
                                d < addDays(day, 90)
                            ],
                            [toDate(least(tupleElement(tupleElement(n, 1), 1), ${end_of_days}), '${zone}')]
                        )[1],
                        [day, day, day, day, toDate(least(tupleElement(tupleElement(n, 1), 1), ${end_of_days}), '${zone}')]
                    ),
                    followed
                ) AS takens
            FROM
            (
                SELECT
                    *,
                    arrayMap(
                        c -> arrayFilter(
                            f -> arraySum(
                                s -> if(
                                    (tupleElement(tupleElement(s, 2), 1), tupleElement(tupleElement(s, 2), 2)) = f
                                        AND tupleElement(s, 1) <= c,
                                    tupleElement(s, 4),
                                    0
                                ),
                                answers
                            ) > 0,
                            given
                        ),
                        causes
                    ) AS lives
                FROM
                (
                    SELECT
                        account_id,
                        person,
                        arrayJoin([block, block - 1]) AS part,
                        arraySort(
                            groupArray(
                                (
                                    (ingested_at, event_id, source, occurred_at, is_load),
                                    (window_at, entity_id, item),
                                    numerator_micros,
                                    denominator_micros,
                                    new_value,
                                    metric,
                                    block
                                )
                            )
                        ) AS steps,
                        arrayFilter(s -> tupleElement(s, 6) = 'nps', steps) AS answers,
                        arrayDistinct(
                            arrayMap(s -> (tupleElement(tupleElement(s, 2), 1), tupleElement(tupleElement(s, 2), 2)), answers)
                        ) AS given,
                        arrayDistinct(tupleElement(steps, 1)) AS causes
                    FROM
                    (
                        SELECT
                            toString(metric) AS metric,
                            account_id,
                            person,
                            entity_id,
                            item,
                            window_at,
                            event_id,
                            toString(source) AS source,
                            occurred_at,
                            ingested_at,
                            is_load,
                            numerator_micros,
                            denominator_micros,
                            new_value,
                            -- Longer than a window: the answer that comes next in one is in the same stretch or the following.
                            intDiv(toUnixTimestamp64Micro(window_at), 100 * 86400000000) AS block
                        FROM ${cx}.metric_change
                        WHERE metric IN ('nps', 'topic_nps') AND person != ''
                    )
                    GROUP BY account_id, person, part
                    HAVING length(given) > 1
                )
            )
            ARRAY JOIN
                arrayDistinct(
                    arrayMap(s -> (tupleElement(s, 6), tupleElement(s, 2)), arrayFilter(s -> tupleElement(s, 7) = part, steps))
                ) AS each
        )
        ARRAY JOIN arrayEnumerate(causes) AS place
    )
    WHERE now != was
)
