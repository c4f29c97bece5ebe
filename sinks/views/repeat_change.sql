/*
comment: >-
  What further tickets of the same requester on the same topic changed in first-contact resolution: a ticket that was solved
  at the first contact was not, by every horizon that the next one was opened in. What a ticket changes by itself is in
  metric_change
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Always ticket
  entity_id: Ticket that was solved
  item: Least horizon, in days, within which the same was asked again
  window_at: Time that places the change in the metric's windows, UTC
  person: Always empty
  event_id: Event that caused the change
  source: System and instance that the event comes from
  kind: first, late, correction, retraction or displaced
  reason: >-
    What the event did, or that its source gave a reason in words, which personal_metric_change has; empty for what is
    told in time
  numerator_micros: What the numerator gained, in millionths
  denominator_micros: Always 0
  old_value: Always NULL
  new_value: Always NULL
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
  is_load: 1 when its sender loaded what had happened before, as an import does
*/
SELECT
    'fcr' AS metric,
    account_id,
    'ticket' AS entity_kind,
    ticket_id AS entity_id,
    toString(tupleElement(moved, 2)) AS item,
    tupleElement(moved, 1) AS window_at,
    '' AS person,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    if(still, 'first', told) AS kind,
    multiIf(still OR said = '', '', said IN (${own_reasons}), said, 'given by the source') AS reason,
    tupleElement(moved, 3) AS numerator_micros,
    toInt64(0) AS denominator_micros,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at,
    tupleElement(cause, 5) AS is_load
FROM
(
    SELECT
        account_id,
        ticket_id,
        cause,
        arrayFirst(s -> tupleElement(s, 1) = cause, arrayReverseSort(s -> tupleElement(s, 5) != 'first', steps)) AS step,
        tupleElement(step, 5) AS told,
        tupleElement(step, 6) AS said,
        arrayJoin(
            arrayFilter(
                p -> tupleElement(p, 3) != 0,
                arrayFlatten(
                    arrayMap(
                        (n, w) -> if(
                            (tupleElement(w, 1), tupleElement(w, 2)) = (tupleElement(n, 1), tupleElement(n, 2)),
                            [(tupleElement(n, 1), tupleElement(n, 2), tupleElement(n, 3) - tupleElement(w, 3))],
                            [(tupleElement(w, 1), tupleElement(w, 2), -tupleElement(w, 3)), n]
                        ),
                        now,
                        was
                    )
                )
            )
        ) AS moved,
        tupleElement(moved, 1) > tupleElement(cause, 1) AND told IN ('late', 'displaced') AS still
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            steps,
            causes[place] AS cause,
            parts[place] AS now,
            if(place = 1, arrayResize([(toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 2), parts[place - 1]) AS was
        FROM
        (
            -- Once each cause was known: the ticket itself, the next one that asks the same, the solve, and what undid it.
            -- What the ticket said of a horizon by itself gives way to a shorter one.
            SELECT
                account_id,
                ticket_id,
                steps,
                causes,
                arrayMap(
                    (first, days, own) -> if(
                        tupleElement(first, 2) > 0 AND days >= 0 AND (own < 0 OR days < own),
                        [
                            (tupleElement(first, 1), days, toInt64(-1000000)),
                            (tupleElement(first, 1), own, toInt64(if(own < 0, 0, 1000000)))
                        ],
                        arrayResize([(toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 2)
                    ),
                    firsts,
                    arrayMap(
                        (first, next) -> toInt64(
                            if(
                                tupleElement(next, 2) = '',
                                -1,
                                if(
                                    tupleElement(next, 1) <= tupleElement(first, 1),
                                    0,
                                    intDiv(
                                        toUnixTimestamp64Micro(tupleElement(next, 1))
                                            - toUnixTimestamp64Micro(tupleElement(first, 1)) - 1,
                                        86400000000
                                    ) + 1
                                )
                            )
                        ),
                        firsts,
                        nexts
                    ),
                    owns
                ) AS parts
            FROM
            (
                SELECT
                    account_id,
                    ticket_id,
                    steps,
                    arrayDistinct(tupleElement(steps, 1)) AS causes,
                    arrayDistinct(tupleElement(steps, 2)) AS facts,
                    arrayMap(
                        c -> arrayMap(
                            f -> (
                                f,
                                arraySum(s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), steps),
                                arraySum(s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), steps)
                            ),
                            facts
                        ),
                        causes
                    ) AS sums,
                    arrayMap(
                        l -> arraySort(
                            arrayMap(
                                x -> (tupleElement(tupleElement(x, 1), 2), tupleElement(tupleElement(x, 1), 3)),
                                arrayFilter(
                                    x -> tupleElement(tupleElement(x, 1), 1) = 2
                                        AND tupleElement(x, 3) > 0
                                        AND arrayExists(
                                            y -> tupleElement(tupleElement(y, 1), 1) = 1 AND tupleElement(y, 3) > 0, l
                                        ),
                                    l
                                )
                            )
                        )[1],
                        sums
                    ) AS nexts,
                    arrayMap(
                        l -> arrayMap(
                            x -> (tupleElement(tupleElement(x, 1), 2), tupleElement(x, 2)),
                            arrayFilter(x -> tupleElement(tupleElement(x, 1), 1) = 3 AND tupleElement(x, 3) > 0, l)
                        )[1],
                        sums
                    ) AS firsts,
                    arrayMap(
                        l -> toInt64OrDefault(
                            arrayMap(
                                x -> tupleElement(tupleElement(x, 1), 3),
                                arrayFilter(x -> tupleElement(tupleElement(x, 1), 1) = 4 AND tupleElement(x, 2) < 0, l)
                            )[1],
                            toInt64(-1)
                        ),
                        sums
                    ) AS owns
                FROM
                (
                    SELECT
                        _m.account_id AS account_id,
                        _m.ticket_id AS ticket_id,
                        arraySort(arrayConcat(_m.steps, _s.steps)) AS steps
                    FROM
                    (
                        SELECT
                            account_id,
                            tupleElement(tickets[place], 2) AS ticket_id,
                            arrayConcat(
                                arrayMap(
                                    s -> (
                                        tupleElement(s, 1),
                                        (1, tupleElement(tickets[place], 1), ''),
                                        toInt64(0),
                                        tupleElement(s, 2),
                                        tupleElement(s, 3),
                                        tupleElement(s, 4)
                                    ),
                                    tupleElement(tickets[place], 3)
                                ),
                                arrayFlatten(
                                    arrayMap(
                                        t -> arrayMap(
                                            s -> (
                                                tupleElement(s, 1),
                                                (2, tupleElement(t, 1), tupleElement(t, 2)),
                                                toInt64(0),
                                                tupleElement(s, 2),
                                                tupleElement(s, 3),
                                                tupleElement(s, 4)
                                            ),
                                            tupleElement(t, 3)
                                        ),
                                        arraySlice(tickets, place + 1, toUInt32(tupleElement(tickets[place], 4)) - place)
                                    )
                                )
                            ) AS steps
                        FROM
                        (
                            -- Tickets that ask the same, in order of their start, each with the place of the last that may
                            -- ever have come next: one that stood ever since, and that was known before all after it.
                            SELECT
                                account_id,
                                arraySort(
                                    groupArray((window_at, entity_id, changes, last_place))
                                ) AS tickets
                            FROM
                            (
                                SELECT
                                    *,
                                    min(if(settles, number, number_of_all)) OVER (
                                        PARTITION BY account_id, person, item ORDER BY window_at, entity_id
                                        ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                                    ) AS last_place
                                FROM
                                (
                                    SELECT
                                        *,
                                        row_number() OVER (
                                            PARTITION BY account_id, person, item ORDER BY window_at, entity_id
                                            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                                        ) AS number,
                                        count() OVER (PARTITION BY account_id, person, item) AS number_of_all,
                                        length(changes) = 1 AND known_at <= min(known_at) OVER (
                                            PARTITION BY account_id, person, item ORDER BY window_at, entity_id
                                            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
                                        ) AS settles
                                    FROM
                                    (
                                        SELECT
                                            account_id,
                                            person,
                                            item,
                                            window_at,
                                            entity_id,
                                            arraySort(
                                                groupArray(
                                                    (
                                                        (ingested_at, event_id, toString(source), occurred_at, is_load),
                                                        denominator_micros,
                                                        toString(kind),
                                                        reason
                                                    )
                                                )
                                            ) AS changes,
                                            tupleElement(tupleElement(changes[1], 1), 1) AS known_at
                                        FROM ${cx}.personal_metric_change
                                        WHERE metric = 'topic_volume' AND person != '' AND item != ''
                                        GROUP BY account_id, person, item, window_at, entity_id
                                    )
                                )
                            )
                            GROUP BY account_id, person, item
                            HAVING count() > 1
                        )
                        ARRAY JOIN arrayEnumerate(arrayPopBack(tickets)) AS place
                    ) AS _m
                    INNER JOIN
                    (
                        SELECT
                            account_id,
                            entity_id AS ticket_id,
                            groupArray(
                                (
                                    (ingested_at, event_id, toString(source), occurred_at, is_load),
                                    (if(item = '', 3, 4), window_at, item),
                                    numerator_micros,
                                    denominator_micros,
                                    toString(kind),
                                    reason
                                )
                            ) AS steps
                        FROM ${cx}.personal_metric_change
                        WHERE metric = 'fcr'
                        GROUP BY account_id, entity_id
                    ) AS _s ON _m.account_id = _s.account_id AND _m.ticket_id = _s.ticket_id
                )
            )
        )
        ARRAY JOIN arrayEnumerate(causes) AS place
    )
)
