/*
comment: What displays of surveys and the responses that name them changed in the rates of starting and finishing
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Always survey_display
  entity_id: Display
  item: Always empty
  window_at: Time that places the change in the metric's windows, UTC
  person: Always empty
  event_id: Event that caused the change
  source: System and instance that the event comes from
  kind: first, late, correction, retraction or displaced
  reason: >-
    What the event did, or that its source gave a reason in words, which personal_metric_change has; empty for what is
    told in time
  numerator_micros: What the numerator gained, in millionths; times are in seconds
  denominator_micros: What the denominator gained, in millionths
  old_value: Always NULL
  new_value: Always NULL
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
  is_load: 1 when its sender loaded what had happened before, as an import does
*/
SELECT
    tupleElement(moved, 1) AS metric,
    account_id,
    'survey_display' AS entity_kind,
    display_id AS entity_id,
    '' AS item,
    tupleElement(moved, 2) AS window_at,
    '' AS person,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    if(still, 'first', told) AS kind,
    multiIf(still OR said = '', '', said IN (${own_reasons}), said, 'given by the source') AS reason,
    tupleElement(moved, 3) AS numerator_micros,
    tupleElement(moved, 4) AS denominator_micros,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at,
    tupleElement(cause, 5) AS is_load
FROM
(
    SELECT
        account_id,
        display_id,
        cause,
        arrayFirst(s -> tupleElement(s, 1) = cause, arrayReverseSort(s -> tupleElement(s, 5) != 'first', steps)) AS step,
        tupleElement(step, 5) AS told,
        tupleElement(step, 6) AS said,
        arrayJoin(
            arrayFilter(
                p -> tupleElement(p, 3) != 0 OR tupleElement(p, 4) != 0,
                arrayFlatten(
                    arrayMap(
                        (metric, n, w) -> if(
                            tupleElement(w, 1) = tupleElement(n, 1),
                            [
                                (
                                    metric,
                                    tupleElement(n, 1),
                                    tupleElement(n, 2) - tupleElement(w, 2),
                                    tupleElement(n, 3) - tupleElement(w, 3)
                                )
                            ],
                            [
                                (metric, tupleElement(w, 1), -tupleElement(w, 2), -tupleElement(w, 3)),
                                (metric, tupleElement(n, 1), tupleElement(n, 2), tupleElement(n, 3))
                            ]
                        ),
                        ['completion_rate', 'start_rate', 'drop_off'],
                        now,
                        was
                    )
                )
            )
        ) AS moved,
        tupleElement(moved, 2) > tupleElement(cause, 1) AND told IN ('late', 'displaced') AS still
    FROM
    (
        SELECT
            account_id,
            display_id,
            steps,
            causes[place] AS cause,
            parts[place] AS now,
            if(place = 1, arrayResize([(toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 3), parts[place - 1]) AS was
        FROM
        (
            -- What the display and its responses add together once each cause was known: to each rate, where, how much.
            SELECT
                *,
                arrayMap(
                    c -> arrayFilter(
                        f -> arraySum(s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), steps)
                            > 0,
                        facts
                    ),
                    causes
                ) AS lives,
                arrayMap(l -> arrayFilter(f -> tupleElement(f, 1) = 1, l), lives) AS shown,
                arrayMap(l -> toInt64(1000000 * arrayExists(f -> tupleElement(f, 1) = 2, l)), lives) AS started,
                arrayMap(
                    (c, l) -> toInt64(
                        1000000 * arrayExists(
                            f -> tupleElement(f, 1) = 2 AND arraySum(
                                s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), steps
                            ) > 0,
                            l
                        )
                    ),
                    causes,
                    lives
                ) AS finished,
                arrayMap(
                    (d, s, f) -> if(
                        empty(d),
                        arrayResize([(toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 3),
                        [
                            (tupleElement(d[1], 2), f, toInt64(1000000)),
                            (tupleElement(d[1], 2), s, toInt64(1000000)),
                            (tupleElement(d[1], 2), s - f, s)
                        ]
                    ),
                    shown,
                    started,
                    finished
                ) AS parts
            FROM
            (
                SELECT
                    account_id,
                    if(entity_kind = 'survey_display', entity_id, item) AS display_id,
                    arraySort(
                        groupArray(
                            (
                                (ingested_at, event_id, toString(source), occurred_at, is_load),
                                (if(entity_kind = 'survey_display', 1, 2), window_at, if(entity_kind = 'survey_display', '', entity_id)),
                                numerator_micros,
                                denominator_micros,
                                toString(kind),
                                reason
                            )
                        )
                    ) AS steps,
                    arrayDistinct(tupleElement(steps, 1)) AS causes,
                    arrayDistinct(tupleElement(steps, 2)) AS facts
                FROM ${cx}.personal_metric_change
                WHERE metric = 'display'
                GROUP BY account_id, display_id
                HAVING countIf(entity_kind = 'survey_display') > 0
            )
        )
        ARRAY JOIN arrayEnumerate(causes) AS place
    )
)
