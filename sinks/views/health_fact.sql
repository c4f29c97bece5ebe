/*
comment: >-
  What the health of accounts is read from, out of the tables of all topics: one row per fact. Levels go up and down, other facts count
  on their day, statements hold until the next. Test data is left out
columns:
  account_id: Account
  at: When it became so, UTC; what was dated ahead of its telling counts from when it was stored
  name: >-
    What it is. Levels: tickets_open, escalations_open, receivable, payments_failing, dunning_open, cancels_scheduled, mrr,
    milestones_open. Counted on their day: nps_answer, csat_answer, ticket_opened, sla_kept, sla_breached, touch, payment_failed, usage,
    renewed, churned.
    Statements: sentiment, owner, segment, merged, started, override
  thing: Currency, meter, contract or model that it is about; empty for the account itself
  cell: UTC day since 1970 that sums are kept by, being that of the opening, of the due date (0 without one), of the plan, or of the fact
  number: What is added to the level, or how often it happened
  total: Sum of what was measured, being scores, or levels of meters in millionths; of started the day
  said: What is stated; of usage the limit in millionths; NULL where nothing holds
  ends_at: Until when a statement holds, UTC; NULL without an end
  said_by: Who judged; empty otherwise
  mark: Order among statements of one moment
*/
SELECT
    account_id,
    assumeNotNull(submitted_at) AS at,
    'nps_answer' AS name,
    '' AS thing,
    toInt32(intDiv(toUnixTimestamp64Micro(at), 86400000000)) AS cell,
    toInt64(1) AS number,
    toInt64(assumeNotNull(nps)) AS total,
    CAST(NULL, 'Nullable(String)') AS said,
    CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))') AS ends_at,
    '' AS said_by,
    '' AS mark
FROM ${cx}.response
WHERE status = 'submitted' AND nps IS NOT NULL AND submitted_at IS NOT NULL AND is_test = 0
UNION ALL
SELECT
    account_id,
    assumeNotNull(tupleElement(fact, 2)),
    tupleElement(fact, 1),
    '',
    toInt32(intDiv(toUnixTimestamp64Micro(assumeNotNull(tupleElement(fact, 2))), 86400000000)),
    1,
    tupleElement(fact, 3),
    NULL,
    NULL,
    '',
    ''
FROM
(
    SELECT
        account_id,
        arrayJoin([
            ('ticket_opened', opened_at, toInt64(0)),
            (
                'csat_answer',
                if(ifNull(csat_scale_max > csat_scale_min, 0), csat_rated_at, NULL),
                toInt64(ifNull(round(100 * ((csat_score - csat_scale_min) / nullIf(csat_scale_max - csat_scale_min, 0))), 0))
            )
        ]) AS fact
    FROM ${cx}.ticket
    WHERE removed_at IS NULL AND is_test = 0
)
WHERE tupleElement(fact, 2) IS NOT NULL
UNION ALL
SELECT account_id, tupleElement(fact, 2), tupleElement(fact, 1), '', cell, tupleElement(fact, 3), 0, NULL, NULL, '', ''
FROM
(
    SELECT
        account_id,
        cell,
        arrayJoin(
            arrayConcat(
                arrayMap(span -> ('tickets_open', tupleElement(span, 1), toInt64(1)), spans),
                arrayMap(
                    span -> ('tickets_open', assumeNotNull(tupleElement(span, 2)), toInt64(-1)),
                    arrayFilter(span -> tupleElement(span, 2) IS NOT NULL, spans)
                ),
                arrayMap(span -> ('escalations_open', greatest(tupleElement(span, 1), escalated_at), toInt64(1)), urged),
                arrayMap(
                    span -> ('escalations_open', assumeNotNull(tupleElement(span, 2)), toInt64(-1)),
                    arrayFilter(span -> tupleElement(span, 2) IS NOT NULL, urged)
                )
            )
        ) AS fact
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            toInt32(intDiv(toUnixTimestamp64Micro(anyIf(opened_at, source = 'span')), 86400000000)) AS cell,
            groupArrayIf((since, until), source = 'span') AS spans,
            minIf(since, source = 'escalation') AS escalated_at,
            if(
                countIf(source = 'escalation') = 0,
                [],
                arrayFilter(span -> tupleElement(span, 2) IS NULL OR assumeNotNull(tupleElement(span, 2)) > escalated_at, spans)
            ) AS urged
        FROM
        (
            SELECT account_id, ticket_id, 'span' AS source, from_at AS since, until_at AS until, opened_at
            FROM ${cx}.ticket_span
            WHERE is_backlog = 1 AND is_test = 0
            UNION ALL
            SELECT account_id, ticket_id, 'escalation', at, NULL, at FROM ${cx}.ticket_escalation WHERE is_test = 0
        )
        GROUP BY account_id, ticket_id
    )
)
UNION ALL
SELECT
    account_id,
    assumeNotNull(if(breached_at IS NULL, fulfilled_at, breached_at)) AS moment,
    if(breached_at IS NULL, 'sla_kept', 'sla_breached'),
    '',
    toInt32(intDiv(toUnixTimestamp64Micro(moment), 86400000000)),
    1,
    0,
    NULL,
    NULL,
    '',
    ''
FROM ${cx}.sla_instance
WHERE (breached_at IS NOT NULL OR (state = 'fulfilled' AND fulfilled_at IS NOT NULL)) AND is_test = 0
UNION ALL
SELECT
    account_id,
    tupleElement(fact, 2),
    tupleElement(fact, 1),
    if(tupleElement(fact, 1) = 'receivable', currency, ''),
    tupleElement(fact, 4),
    tupleElement(fact, 3),
    0,
    NULL,
    NULL,
    '',
    ''
FROM
(
    SELECT
        account_id,
        currency,
        arrayJoin(
            arrayConcat(
                arrayMap(
                    each -> (
                        'receivable',
                        tupleElement(each, 3),
                        tupleElement(each, 4),
                        if(
                            empty(dues),
                            0,
                            tupleElement(
                                if(
                                    tupleElement(dues[1], 1) > tupleElement(each, 3),
                                    dues[1],
                                    arrayLast(due -> tupleElement(due, 1) <= tupleElement(each, 3), dues)
                                ),
                                2
                            )
                        )
                    ),
                    postings
                ),
                arrayMap(each -> ('receivable', tupleElement(each, 1), -tupleElement(each, 2), tupleElement(each, 3)), moves),
                arrayMap(each -> ('receivable', tupleElement(each, 1), tupleElement(each, 2), tupleElement(each, 4)), moves),
                arrayFilter(
                    each -> tupleElement(each, 3) != 0,
                    arrayConcat(
                        arrayMap(each -> ('payments_failing', tupleElement(each, 1), tupleElement(each, 2), 0), turns),
                        arrayMap(each -> ('dunning_open', tupleElement(each, 1), tupleElement(each, 3), 0), turns)
                    )
                )
            )
        ) AS fact
    FROM
    (
        SELECT
            account_id,
            currency,
            postings,
            dues,
            moves,
            arrayMap(
                (moment, strain, was) -> (moment, tupleElement(strain, 1) - tupleElement(was, 1), tupleElement(strain, 2) - tupleElement(was, 2)),
                tupleElement(course, 3),
                strains,
                arrayPopBack(arrayPushFront(strains, (toInt64(0), toInt64(0))))
            ) AS turns
        FROM
        (
            SELECT
                *,
                arrayMap(
                    (open, failed, ended) -> (
                        toInt64(open > 0 AND failed > 0), toInt64(open > 0 AND failed > 0 AND ended = 0)
                    ),
                    arrayCumSum(tupleElement(course, 4)),
                    arrayCumSum(tupleElement(course, 5)),
                    arrayCumSum(tupleElement(course, 6))
                ) AS strains
            FROM
            (
                SELECT
                    account_id,
                    currency,
                    postings,
                    dues,
                    -- What was open falls due on another day from then on.
                    arrayMap(
                        (due, was) -> (
                            tupleElement(due, 1),
                            arraySum(each -> if(tupleElement(each, 3) < tupleElement(due, 1), tupleElement(each, 4), 0), postings),
                            tupleElement(was, 2),
                            tupleElement(due, 2)
                        ),
                        arrayPopFront(dues),
                        arrayPopBack(dues)
                    ) AS moves,
                    -- In the order in which the books are kept: what is open, whether something has failed, whether dunning ended.
                    if(
                        empty(failures),
                        [],
                        arraySort(
                            arrayConcat(
                                arrayMap(
                                    each -> (
                                        tupleElement(each, 1), tupleElement(each, 2), tupleElement(each, 3), tupleElement(each, 4), 0, 0
                                    ),
                                    postings
                                ),
                                arrayMap(
                                    each -> (tupleElement(each, 1), tupleElement(each, 2), tupleElement(each, 1), toInt64(0), 1, 0),
                                    failures
                                ),
                                arrayMap(each -> (each, toUInt8(7), each, toInt64(0), 0, 1), ends)
                            )
                        )
                    ) AS course
                FROM
                (
                    SELECT
                        account_id,
                        invoice_id,
                        anyIf(said_currency, source = 'posting') AS currency,
                        groupArrayIf((moment, rank, least(moment, stored_at), amount), source = 'posting') AS postings,
                        arraySort(groupArrayIf((moment, due_day), source = 'due')) AS dues,
                        arraySlice(arraySort(groupArrayIf((moment, rank), source = 'failure')), 1, 1) AS failures,
                        groupArrayIf(moment, source = 'end') AS ends
                    FROM
                    (
                        SELECT
                            account_id,
                            invoice_id,
                            'posting' AS source,
                            at AS moment,
                            toUInt8(transform(toString(kind), ['issued', 'credit_applied', 'credited', 'paid', 'returned', 'written_off', 'voided'], [0, 1, 2, 3, 4, 5, 6], 7)) AS rank,
                            ingested_at AS stored_at,
                            amount_micros AS amount,
                            toString(currency) AS said_currency,
                            toInt32(0) AS due_day
                        FROM ${cx}.receivable_entry
                        WHERE book = 'receivable' AND is_test = 0
                        UNION ALL
                        SELECT account_id, invoice_id, 'due', valid_from, 0, valid_from, 0, '', ifNull(toInt32(intDiv(toUnixTimestamp64Micro(due_at), 86400000000)), 0)
                        FROM ${cx}.invoice_due
                        WHERE is_test = 0
                        UNION ALL
                        SELECT account_id, invoice_id, 'failure', at, 7, at, 0, '', 0
                        FROM ${cx}.payment_attempt
                        WHERE outcome = 'failed' AND startsWith(attempt_id, 'failed:') AND is_test = 0
                        UNION ALL
                        SELECT account_id, invoice_id, 'failure', returned_at, 4, returned_at, 0, '', 0
                        FROM ${cx}.payment_return
                        WHERE invoice_id != '' AND is_test = 0
                        UNION ALL
                        SELECT account_id, invoice_id, 'end', assumeNotNull(dunning_ended_at), 7, assumeNotNull(dunning_ended_at), 0, '', 0
                        FROM ${cx}.invoice
                        WHERE dunning_ended_at IS NOT NULL AND is_test = 0
                    )
                    GROUP BY account_id, invoice_id
                )
            )
        )
    )
)
UNION ALL
SELECT account_id, at, 'payment_failed', '', toInt32(intDiv(toUnixTimestamp64Micro(at), 86400000000)), 1, 0, NULL, NULL, '', ''
FROM ${cx}.payment_attempt
WHERE outcome = 'failed' AND startsWith(attempt_id, 'failed:') AND is_test = 0
UNION ALL
SELECT
    account_id,
    assumeNotNull(tupleElement(edge, 1)),
    'cancels_scheduled',
    '',
    0,
    tupleElement(edge, 2),
    0,
    NULL,
    NULL,
    '',
    ''
FROM
(
    SELECT account_id, arrayJoin([(toNullable(valid_from), toInt64(1)), (valid_to, toInt64(-1))]) AS edge
    FROM ${cx}.subscription_history
    WHERE cancel_at IS NOT NULL AND status != 'ENDED' AND is_test = 0
)
WHERE tupleElement(edge, 1) IS NOT NULL
UNION ALL
SELECT account_id, valid_from, 'churned', '', toInt32(intDiv(toUnixTimestamp64Micro(valid_from), 86400000000)), 1, 0, NULL, NULL, '', ''
FROM ${cx}.subscription_history
WHERE status = 'ENDED' AND is_test = 0
UNION ALL
SELECT
    account_id,
    assumeNotNull(decided_at) AS moment,
    if(status = 'lost', 'churned', 'renewed'),
    '',
    toInt32(intDiv(toUnixTimestamp64Micro(moment), 86400000000)),
    1,
    0,
    NULL,
    NULL,
    '',
    ''
FROM ${cx}.renewal
WHERE decided_at IS NOT NULL AND status IN ('renewed', 'renewed_auto', 'upsold', 'downsold', 'lost') AND is_test = 0
UNION ALL
SELECT account_id, at, 'mrr', toString(currency), toInt32(intDiv(toUnixTimestamp64Micro(at), 86400000000)), amount_micros, 0, NULL, NULL, '', ''
FROM ${cx}.mrr_movement
WHERE policy = 'cxledger' AND is_test = 0
UNION ALL
SELECT account_id, at, 'touch', '', toInt32(intDiv(toUnixTimestamp64Micro(at), 86400000000)), 1, 0, NULL, NULL, '', ''
FROM ${cx}.touch
WHERE is_test = 0
UNION ALL
SELECT
    account_id,
    assumeNotNull(answered_at),
    'touch',
    '',
    toInt32(intDiv(toUnixTimestamp64Micro(assumeNotNull(answered_at)), 86400000000)),
    1,
    0,
    NULL,
    NULL,
    '',
    ''
FROM ${cx}.ticket_next_reply
WHERE answered_at IS NOT NULL AND ended_by = 'reply' AND is_test = 0
UNION ALL
SELECT account_id, tupleElement(fact, 1), 'milestones_open', '', tupleElement(fact, 3), tupleElement(fact, 2), 0, NULL, NULL, '', ''
FROM
(
    SELECT
        account_id,
        arrayJoin(
            arrayConcat(
                arrayMap(each -> (told_at, toInt64(1), tupleElement(each, 2)), arrayFilter(each -> ifNull(tupleElement(each, 1) > told_at, 1), planned)),
                arrayMap(
                    each -> (assumeNotNull(tupleElement(each, 1)), toInt64(-1), tupleElement(each, 2)),
                    arrayFilter(each -> ifNull(tupleElement(each, 1) > told_at, 0), planned)
                )
            )
        ) AS fact
    FROM
    (
        SELECT
            account_id,
            assumeNotNull(told) AS told_at,
            -- Nothing falls due while the clock rests: what would have is not open meanwhile.
            arrayMap(
                each -> (
                    if(
                        tupleElement(each, 2) IS NULL AND ifNull(tupleElement(each, 1) > rests_since, 0),
                        rests_since,
                        tupleElement(each, 2)
                    ),
                    toInt32(intDiv(toUnixTimestamp64Micro(tupleElement(each, 1)), 86400000000))
                ),
                milestones
            ) AS planned
        FROM
        (
            SELECT
                account_id,
                onboarding_id,
                groupArrayIf((assumeNotNull(due_at), reached_at), source = 'milestone') AS milestones,
                anyIf(due_at, source = 'plan') AS told,
                anyIf(reached_at, source = 'plan') AS rests_since
            FROM
            (
                SELECT account_id, onboarding_id, 'milestone' AS source, due_at, reached_at
                FROM ${cx}.onboarding_milestone
                WHERE due_at IS NOT NULL AND is_test = 0
                UNION ALL
                SELECT account_id, onboarding_id, 'plan', plan_told_at, paused_since FROM ${cx}.onboarding WHERE is_test = 0
            )
            GROUP BY account_id, onboarding_id
        )
        WHERE told IS NOT NULL
    )
)
UNION ALL
SELECT
    account_id,
    measured_at,
    'usage',
    toString(meter),
    toInt32(intDiv(toUnixTimestamp64Micro(measured_at), 86400000000)),
    1,
    -- More than a column holds counts as so much.
    if(round(value * 1000000) >= 9223372036854775807, 9223372036854775807, toInt64(round(value * 1000000))),
    if(most IS NULL, NULL, toString(if(round(most * 1000000) >= 9223372036854775807, 9223372036854775807, toInt64(round(most * 1000000))))),
    NULL,
    '',
    ''
FROM ${cx}.usage_report
WHERE is_test = 0
UNION ALL
SELECT account_id, set_at, 'sentiment', '', 0, 0, 0, toString(sentiment), NULL, manager_id, concat(sentiment_id, '/sentiment/', event_id)
FROM ${cx}.manager_sentiment
WHERE is_test = 0
UNION ALL
SELECT account_id, valid_from, 'owner', '', 0, 0, 0, manager_id, valid_to, '', event_id
FROM ${cx}.manager_assignment
WHERE role = 'OWNER' AND is_test = 0
UNION ALL
SELECT account_id, valid_from, 'segment', '', 0, 0, 0, toString(segment), NULL, '', event_id
FROM ${cx}.account_history
WHERE is_test = 0
UNION ALL
SELECT account_id, from_at, 'merged', '', 0, 0, 0, survivor_id, NULL, '', event_id
FROM ${cx}.account_merge
WHERE NOT has(flags, 'unmerged_without_merge') AND is_test = 0
UNION ALL
SELECT account_id, told_at, 'started', contract_id, 0, 0, intDiv(toUnixTimestamp64Micro(started_at), 86400000000), NULL, NULL, '', 'contract'
FROM ${cx}.contract_start
WHERE is_test = 0
UNION ALL
SELECT
    account_id,
    assumeNotNull(started_at) AS began_at,
    'started',
    subscription_id,
    0,
    0,
    intDiv(toUnixTimestamp64Micro(began_at), 86400000000),
    NULL,
    NULL,
    '',
    'subscription'
FROM ${cx}.subscription
WHERE started_at IS NOT NULL AND is_test = 0
UNION ALL
SELECT
    account_id,
    set_at,
    'override',
    toString(model_id),
    0,
    0,
    0,
    if(score IS NULL, nullIf(toString(band), ''), printf('%g', assumeNotNull(score))),
    expires_at,
    '',
    concat(override_id, '/override/', event_id)
FROM ${cx}.health_override
WHERE is_test = 0
