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
  dimension: Always empty
  slice: Always empty
  grain: Windows that the change counts in, day, week, month or quarter; empty for windows of every length
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
    toDate(least(tupleElement(fact, 1), ${end_of_days}), '${zone}') AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    '' AS dimension,
    '' AS slice,
    grain,
    if(tupleElement(cause, 5) = 1, 'first', 'displaced') AS kind,
    toDecimal128(tupleElement(taken, 1) - tupleElement(taken_before, 1), 6) / 1000000 AS numerator,
    toDecimal128(tupleElement(taken, 2) - tupleElement(taken_before, 2), 6) / 1000000 AS denominator,
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
        grain,
        fact,
        causes[place] AS cause,
        takens[place] AS taken,
        if(place = 1, (toInt64(0), toInt64(0)), takens[place - 1]) AS taken_before,
        tupleElement(arrayLast(s -> tupleElement(s, 2) = fact AND tupleElement(s, 1) <= cause, steps), 5) AS said
    FROM
    (
        SELECT
            *,
            fact,
            -- What is taken from the fact's own part once each cause was known: all of it while a later one counts.
            arrayMap(
                (c, newest) -> if(
                    fact = newest,
                    (toInt64(0), toInt64(0)),
                    (
                        -arraySum(s -> if(tupleElement(s, 2) = fact AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), steps),
                        -arraySum(s -> if(tupleElement(s, 2) = fact AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), steps)
                    )
                ),
                causes,
                latest
            ) AS takens
        FROM
        (
            SELECT
                *,
                arrayMap(
                    c -> arrayReverseSort(
                        arrayFilter(
                            f -> arraySum(
                                s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), steps
                            ) > 0,
                            facts
                        )
                    )[1],
                    causes
                ) AS latest
            FROM
            (
                SELECT
                    metric,
                    account_id,
                    person,
                    grain,
                    window_start,
                    arraySort(
                        groupArray(
                            (
                                (ingested_at, event_id, source, occurred_at, is_load),
                                (window_at, entity_id, item),
                                numerator_micros,
                                denominator_micros,
                                new_value
                            )
                        )
                    ) AS steps,
                    arrayDistinct(tupleElement(steps, 1)) AS causes,
                    arrayDistinct(tupleElement(steps, 2)) AS facts
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
                        arrayJoin(['day', 'week', 'month', 'quarter']) AS grain,
                        toDate(least(window_at, ${end_of_days}), '${zone}') AS day_of,
                        multiIf(
                            grain = 'day', day_of,
                            grain = 'week', toStartOfWeek(day_of, ${week_mode}),
                            grain = 'month', toStartOfMonth(day_of),
                            toStartOfQuarter(day_of)
                        ) AS window_start
                    FROM ${cx}.metric_change
                    WHERE metric = 'nps' AND person != ''
                )
                GROUP BY metric, account_id, person, grain, window_start
                HAVING length(facts) > 1
            )
        )
        ARRAY JOIN facts AS fact
    )
    ARRAY JOIN arrayEnumerate(causes) AS place
)
WHERE taken != taken_before
