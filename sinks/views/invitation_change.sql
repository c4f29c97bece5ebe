/*
comment: >-
  What answers changed in the response rate: an invitation counts as answered in the window in which it was sent, and one
  that had bounced counts as delivered, too. What invitations change by themselves is in metric_change
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Always invitation
  entity_id: Invitation
  item: Least response window, in days, within which its first answer came; empty for one that bounced
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
    'response_rate' AS metric,
    account_id,
    'invitation' AS entity_kind,
    invitation_id AS entity_id,
    tupleElement(moved, 1) AS item,
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
        invitation_id,
        cause,
        arrayFirst(s -> tupleElement(s, 1) = cause, arrayReverseSort(s -> tupleElement(s, 5) != 'first', steps)) AS step,
        tupleElement(step, 5) AS told,
        tupleElement(step, 6) AS said,
        arrayJoin(
            arrayFilter(
                p -> tupleElement(p, 3) != 0 OR tupleElement(p, 4) != 0,
                arrayFlatten(
                    arrayMap(
                        (n, w) -> if(
                            (tupleElement(w, 1), tupleElement(w, 2)) = (tupleElement(n, 1), tupleElement(n, 2)),
                            [
                                (
                                    tupleElement(n, 1),
                                    tupleElement(n, 2),
                                    tupleElement(n, 3) - tupleElement(w, 3),
                                    tupleElement(n, 4) - tupleElement(w, 4)
                                )
                            ],
                            [(tupleElement(w, 1), tupleElement(w, 2), -tupleElement(w, 3), -tupleElement(w, 4)), n]
                        ),
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
            invitation_id,
            steps,
            causes[place] AS cause,
            parts[place] AS now,
            if(place = 1, arrayResize([('', toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 2), parts[place - 1]) AS was
        FROM
        (
            -- What the invitation and its first answer add together once each cause was known: as one answered, and as one
            -- that was delivered though it bounced.
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
                arrayMap(l -> arrayFilter(f -> tupleElement(f, 1) = 1, l), lives) AS sent,
                arrayMap(l -> arraySort(arrayFilter(f -> tupleElement(f, 1) = 2, l)), lives) AS answers,
                arrayMap(
                    (s, a) -> if(
                        empty(s) OR empty(a),
                        arrayResize([('', toDateTime64(0, 6, 'UTC'), toInt64(0), toInt64(0))], 2),
                        [
                            (
                                toString(
                                    if(
                                        tupleElement(a[1], 2) < tupleElement(s[1], 2),
                                        0,
                                        intDiv(
                                            toUnixTimestamp64Micro(tupleElement(a[1], 2))
                                                - toUnixTimestamp64Micro(tupleElement(s[1], 2)),
                                            86400000000
                                        ) + 1
                                    )
                                ),
                                tupleElement(s[1], 2),
                                toInt64(1000000),
                                toInt64(0)
                            ),
                            ('', tupleElement(s[1], 2), toInt64(0), toInt64(1000000 * tupleElement(s[1], 4)))
                        ]
                    ),
                    sent,
                    answers
                ) AS parts
            FROM
            (
                SELECT
                    account_id,
                    if(entity_kind = 'invitation', entity_id, item) AS invitation_id,
                    arraySort(
                        groupArray(
                            (
                                (ingested_at, event_id, toString(source), occurred_at, is_load),
                                if(
                                    entity_kind = 'invitation',
                                    (1, window_at, '', toUInt8(metric = 'invitation')),
                                    (2, window_at, entity_id, 0)
                                ),
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
                WHERE metric IN ('response_rate', 'invitation')
                GROUP BY account_id, invitation_id
                HAVING uniqExact(entity_kind) > 1
            )
        )
        ARRAY JOIN arrayEnumerate(causes) AS place
    )
)
