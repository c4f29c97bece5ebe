/*
comment: Rows that contradict each other; empty while all is well. Workers look at it all the time and raise a signal
columns:
  invariant: What must always hold, by name
  account_id: Account of the rows
  subject_id: Response, event, invoice, payment, ticket, dead letter, account or holder of a deadline that breaks it
  detail: What was found, in words
  events: Events behind the rows, as far as the rows name them
*/
SELECT
    'answer_of_a_counting_response' AS invariant,
    _a.account_id AS account_id,
    _a.response_id AS subject_id,
    concat('question ', _a.question_id, ' has an answer, the response is ', if(_r.status = '', 'not there', _r.status)) AS detail,
    [_a.event_id] AS events
FROM ${cx}.answer AS _a
LEFT JOIN (SELECT account_id, response_id, toString(status) AS status FROM ${cx}.response) AS _r
    ON _a.account_id = _r.account_id AND _a.response_id = _r.response_id
WHERE _r.status != 'submitted'
UNION ALL
SELECT
    'our_code_folds_every_event',
    account_key,
    concat(topic, '-', toString(partition), '@', toString(offset)),
    concat('it is a dead letter, the code failed: ', detail),
    emptyArrayString()
FROM ${cx}.dead_letter
WHERE reason = 'internal_error' AND (topic, partition, offset) NOT IN
(
    SELECT _w.topic, _w.partition, _w.offset FROM ${meta}.dead_letter_action AS _w WHERE _w.action IN ('redriven', 'discarded')
)
UNION ALL
SELECT
    'our_code_folds_what_time_brings',
    account_id,
    subject,
    concat('its deadline of ', toString(due_at), ' is put aside, the code failed: ', detail),
    emptyArrayString()
FROM ${cx}.failed_deadline
UNION ALL
SELECT
    'our_code_folds_what_topics_say_together',
    account_id,
    account_id,
    concat('its stage is put aside, the code failed: ', detail),
    emptyArrayString()
FROM ${cx}.account_aside
UNION ALL
SELECT
    'nps_is_the_answer_given',
    _r.account_id,
    _r.response_id,
    concat('the response says ', toString(_r.nps), ', its answers say ', toString(_a.numbers)),
    [_r.event_id]
FROM (SELECT account_id, response_id, nps, event_id FROM ${cx}.response WHERE nps IS NOT NULL) AS _r
LEFT JOIN
(
    SELECT account_id, response_id, groupArray(number) AS numbers
    FROM ${cx}.answer
    WHERE kind = 'NPS'
    GROUP BY account_id, response_id
) AS _a ON _r.account_id = _a.account_id AND _r.response_id = _a.response_id
WHERE NOT has(_a.numbers, assumeNotNull(_r.nps))
UNION ALL
SELECT
    'every_detractor_has_an_open_or_met_case',
    _r.account_id,
    _r.response_id,
    concat('the score is ', toString(_r.nps), ', the case is ', if(_c.state = '', 'not there', _c.state)),
    [_r.event_id]
FROM (SELECT account_id, response_id, nps, event_id FROM ${cx}.response WHERE nps <= 6) AS _r
LEFT JOIN (SELECT account_id, response_id, toString(state) AS state FROM ${cx}.followup_case) AS _c
    ON _r.account_id = _c.account_id AND _r.response_id = _c.response_id
WHERE _c.state IN ('', 'voided')
UNION ALL
SELECT
    'an_event_is_taken_in_once',
    min(account_id),
    any(event_id),
    concat(
        'it stands at ',
        arrayStringConcat(arraySort(groupArray(5)(concat(topic, '-', toString(partition), ' offset ', toString(offset)))), ', ')
    ),
    [any(event_id)]
FROM ${cx}.event
GROUP BY sipHash128(source, event_id)
HAVING count() > 1
UNION ALL
SELECT
    'what_is_receivable_is_what_is_open',
    account_id,
    invoice_id,
    concat('the postings say ', toString(booked), ' millionths, the invoice says ', toString(open)),
    arraySort(groupUniqArrayArray(causes))
FROM
(
    SELECT account_id, invoice_id, sum(booked) AS booked, sum(open) AS open, groupUniqArrayArray(causes) AS causes
    FROM
    (
        SELECT
            account_id,
            invoice_id,
            sumIf(toInt128(amount_micros), book = 'receivable') AS booked,
            toInt128(0) AS open,
            groupUniqArray(event_id) AS causes
        FROM ${cx}.receivable_entry
        GROUP BY account_id, invoice_id
        UNION ALL
        SELECT account_id, invoice_id, toInt128(0), toInt128(open_micros), [event_id] FROM ${cx}.invoice
    )
    GROUP BY account_id, invoice_id
    HAVING booked != open
)
GROUP BY account_id, invoice_id, booked, open
UNION ALL
SELECT
    'a_receivable_is_never_below_zero',
    account_id,
    invoice_id,
    concat('it falls to ', toString(arrayMin(balances)), ' millionths'),
    arraySort(groupUniqArrayArray(causes))
FROM
(
    SELECT
        account_id,
        invoice_id,
        arrayCumSum(arrayMap(posting -> tupleElement(posting, 2), arraySort(groupArray((at, change))))) AS balances,
        groupUniqArrayArray(causes) AS causes
    FROM
    (
        SELECT
            account_id,
            invoice_id,
            at,
            sum(toInt128(amount_micros)) AS change,
            groupUniqArray(event_id) AS causes
        FROM ${cx}.receivable_entry
        WHERE book = 'receivable'
        GROUP BY account_id, invoice_id, at
    )
    GROUP BY account_id, invoice_id
    HAVING arrayMin(balances) < 0
)
GROUP BY account_id, invoice_id, balances
UNION ALL
SELECT
    'the_books_are_issued_less_paid_credited_written_off_and_voided',
    account_id,
    invoice_id,
    concat('the books hold ', toString(booked), ' millionths, the facts make ', toString(told), ' ', currency),
    arraySort(groupUniqArrayArray(causes))
FROM
(
    SELECT
        account_id,
        invoice_id,
        currency,
        sum(booked) AS booked,
        sum(told) AS told,
        groupUniqArrayArray(causes) AS causes
    FROM
    (
        SELECT
            _e.account_id AS account_id,
            _e.invoice_id AS invoice_id,
            toString(_e.currency) AS currency,
            sum(if(_e.book = 'receivable', toInt128(_e.amount_micros), -toInt128(_e.amount_micros))) AS booked,
            toInt128(0) AS told,
            groupUniqArray(_e.event_id) AS causes
        FROM ${cx}.receivable_entry AS _e
        LEFT JOIN (SELECT account_id, invoice_id, toString(currency) AS own FROM ${cx}.invoice) AS _i
            ON _e.account_id = _i.account_id AND _e.invoice_id = _i.invoice_id
        WHERE _e.kind != 'credited' OR _e.currency = _i.own
        GROUP BY account_id, invoice_id, currency
        UNION ALL
        SELECT
            account_id,
            invoice_id,
            toString(currency),
            toInt128(0),
            if(status = 'void', toInt128(0), toInt128(total_micros) - credited_micros - written_off_micros),
            [event_id]
        FROM ${cx}.invoice
        WHERE status != 'incomplete'
        UNION ALL
        SELECT account_id, invoice_id, toString(currency), toInt128(0), -toInt128(amount_micros), [event_id]
        FROM ${cx}.payment
        UNION ALL
        SELECT account_id, invoice_id, toString(currency), toInt128(0), toInt128(amount_micros), [event_id]
        FROM ${cx}.payment_return
        WHERE invoice_id != ''
    )
    GROUP BY account_id, invoice_id, currency
    HAVING booked != told
)
GROUP BY account_id, invoice_id, currency, booked, told
UNION ALL
SELECT
    law,
    account_id,
    currency,
    concat('from ', toString(min(at)), ' on it is off by ', toString(argMin(off, at)), ' ', currency),
    arraySort(groupUniqArrayArray(causes))
FROM
(
    SELECT account_id, currency, at, tupleElement(side, 1) AS law, sum(tupleElement(side, 2) * amount) AS off, groupUniqArrayArray(events) AS causes
    FROM ${cx}.money_term
    ARRAY JOIN
        [
            (
                'what_is_issued_is_open_settled_lost_or_given_back',
                multiIf(
                    term = 'issued', 1,
                    term IN ('open', 'paid', 'credit_used', 'credited', 'written_off', 'voided', 'given_back'), -1,
                    0
                )
            ),
            (
                'what_came_in_is_kept_or_went_out',
                multiIf(
                    term IN ('received', 'granted'), 1,
                    term IN ('paid', 'credit_used', 'customer_credit', 'refunded', 'returned', 'charged_back'), -1,
                    0
                )
            )
        ] AS side
    GROUP BY account_id, currency, at, law
    HAVING off != 0
)
GROUP BY law, account_id, currency
UNION ALL
SELECT
    'a_payment_is_never_allocated_twice',
    account_id,
    payment_id,
    concat(
        toString(sum(toInt128(amount_micros))), ' millionths go to ', toString(count()), ' invoices, the payment ',
        if(max(payment_micros) IS NULL, 'does not say how much it was', concat('was ', toString(assumeNotNull(max(payment_micros)))))
    ),
    arraySort(groupUniqArray(event_id))
FROM ${cx}.payment
GROUP BY account_id, payment_id, source
HAVING sum(toInt128(amount_micros)) > ifNull(max(payment_micros), 9223372036854775807)
    OR (count() > 1 AND max(payment_micros) IS NULL)
UNION ALL
SELECT
    'mrr_is_the_sum_of_its_movements',
    account_id,
    arrayStringConcat(arraySort(groupUniqArray(5)(subscription_id)), ', '),
    concat(
        policy, ' at ', toString(at), ': movements say ', toString(sum(moved)), ', items ', toString(sum(held)),
        ' millionths of ', currency
    ),
    arraySort(groupUniqArray(event_id))
FROM
(
    SELECT
        account_id,
        toString(policy) AS policy,
        toString(currency) AS currency,
        is_test,
        at,
        subscription_id,
        event_id,
        toInt128(amount_micros) AS moved,
        toInt128(0) AS held
    FROM ${cx}.mrr_movement
    UNION ALL
    SELECT account_id, toString(policy), toString(currency), is_test, valid_from, subscription_id, event_id, 0, mrr_micros
    FROM ${cx}.mrr_item
    UNION ALL
    SELECT account_id, toString(policy), toString(currency), is_test, assumeNotNull(valid_to), subscription_id, event_id, 0, -mrr_micros
    FROM ${cx}.mrr_item
    WHERE valid_to IS NOT NULL
)
GROUP BY account_id, policy, currency, is_test, at
HAVING sum(moved) != sum(held)
UNION ALL
SELECT
    'a_trial_converts_when_its_revenue_begins',
    account_id,
    subscription_id,
    concat(
        'it converted ', ifNull(concat('at ', toString(converted_at)), 'never'), ', its revenue by the policy cxledger began ',
        ifNull(concat('at ', toString(began_at)), 'never')
    ),
    [event_id]
FROM
(
    SELECT
        _s.account_id AS account_id,
        _s.subscription_id AS subscription_id,
        any(_s.event_id) AS event_id,
        any(_s.converted_at) AS converted_at,
        minIf(toNullable(_h.at), _h.held > 0 AND _h.at >= _s.trial_started_at) AS began_at
    FROM (SELECT * FROM ${cx}.subscription WHERE trial_started_at IS NOT NULL) AS _s
    LEFT JOIN
    (
        SELECT
            account_id,
            subscription_id,
            at,
            sum(change) OVER (PARTITION BY account_id, subscription_id ORDER BY at ROWS UNBOUNDED PRECEDING) AS held
        FROM
        (
            SELECT account_id, subscription_id, at, sum(step) AS change
            FROM
            (
                SELECT account_id, subscription_id, valid_from AS at, toInt128(mrr_micros) AS step
                FROM ${cx}.mrr_item
                WHERE policy = 'cxledger'
                UNION ALL
                SELECT account_id, subscription_id, assumeNotNull(valid_to), -toInt128(mrr_micros)
                FROM ${cx}.mrr_item
                WHERE policy = 'cxledger' AND valid_to IS NOT NULL
            )
            GROUP BY account_id, subscription_id, at
        )
    ) AS _h ON _s.account_id = _h.account_id AND _s.subscription_id = _h.subscription_id
    GROUP BY account_id, subscription_id
)
WHERE (converted_at IS NULL) != (began_at IS NULL) OR converted_at != began_at
UNION ALL
SELECT
    'what_has_ended_has_no_revenue',
    _e.account_id,
    _e.subscription_id,
    concat(
        'its service ended at ', toString(any(_e.service_end)), ', by the policy ', toString(any(_i.policy)), ' its revenue lasts ',
        if(countIf(_i.valid_to IS NULL) > 0, 'for ever', concat('until ', toString(max(_i.valid_to))))
    ),
    arraySort(groupUniqArray(_i.event_id))
FROM
(
    SELECT account_id, subscription_id, assumeNotNull(service_ends_at) AS service_end
    FROM ${cx}.subscription_history
    WHERE status = 'ENDED' AND valid_to IS NULL AND service_ends_at IS NOT NULL
) AS _e
INNER JOIN (SELECT account_id, subscription_id, policy, valid_to, event_id FROM ${cx}.mrr_item) AS _i
    ON _e.account_id = _i.account_id AND _e.subscription_id = _i.subscription_id
WHERE ifNull(_i.valid_to > _e.service_end, 1)
GROUP BY _e.account_id, _e.subscription_id
UNION ALL
SELECT
    'a_ticket_and_its_rows_tell_one_story',
    account_id,
    ticket_id,
    concat(
        'it was last solved ', ifNull(concat('at ', toString(last_solved_at)), 'never'), ', its last solve stands ',
        ifNull(concat('since ', toString(solved_at)), 'no more'), '; it was first answered ',
        ifNull(concat('at ', toString(first_reply_at)), 'never'), ', its clock was kept ',
        ifNull(concat('at ', toString(kept_at)), 'never')
    ),
    [event_id]
FROM
(
    SELECT
        _t.account_id AS account_id,
        _t.ticket_id AS ticket_id,
        _t.event_id AS event_id,
        _t.status AS status,
        _t.first_solved_at AS first_solved_at,
        _t.last_solved_at AS last_solved_at,
        _t.first_reply_at AS first_reply_at,
        _v.solved_at AS solved_at,
        _c.kept_at AS kept_at,
        _c.activated_at AS activated_at
    FROM ${cx}.ticket AS _t
    LEFT JOIN
    (
        SELECT account_id, ticket_id, argMax(if(reopened_at IS NULL, toNullable(solved_at), NULL), ordinal) AS solved_at
        FROM ${cx}.ticket_solve
        GROUP BY account_id, ticket_id
    ) AS _v ON _t.account_id = _v.account_id AND _t.ticket_id = _v.ticket_id
    LEFT JOIN
    (
        SELECT account_id, ticket_id, fulfilled_at AS kept_at, activated_at
        FROM ${cx}.sla_instance
        WHERE metric = 'first_reply'
    ) AS _c ON _t.account_id = _c.account_id AND _t.ticket_id = _c.ticket_id
)
WHERE (last_solved_at IS NOT NULL AND status NOT IN ('merged', 'deleted', 'spam', 'incomplete') AND (
        status NOT IN ('solved', 'closed') OR ifNull(last_solved_at != solved_at, 1)
    ))
    OR (first_reply_at IS NOT NULL AND ifNull(kept_at > greatest(assumeNotNull(first_reply_at), activated_at), 0))
    OR (kept_at IS NOT NULL AND first_reply_at IS NULL AND first_solved_at IS NULL)
UNION ALL
SELECT
    'a_ticket_lives_in_spans_without_gap',
    account_id,
    ticket_id,
    concat(
        'it is ', status, ' since its start, its spans are ',
        arrayStringConcat(
            arrayMap(span -> concat(tupleElement(span, 3), ' from ', toString(tupleElement(span, 1))), arraySlice(spans, 1, 5)),
            ', '
        )
    ),
    [event_id]
FROM
(
    SELECT
        account_id,
        ticket_id,
        anyIf(said_status, source = 'ticket') AS status,
        anyIf(said_start, source = 'ticket') AS start,
        anyIf(said_event, source = 'ticket') AS event_id,
        countIf(source = 'ticket') AS tickets,
        arraySort(groupArrayIf((from_at, ends_at, said_status), source = 'span')) AS spans
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            'ticket' AS source,
            toString(status) AS said_status,
            assumeNotNull(opened_at) AS said_start,
            event_id AS said_event,
            toDateTime64(0, 6, 'UTC') AS from_at,
            toDateTime64(0, 6, 'UTC') AS ends_at
        FROM ${cx}.ticket
        WHERE opened_at IS NOT NULL
        UNION ALL
        SELECT
            account_id,
            ticket_id,
            'span',
            toString(status),
            toDateTime64(0, 6, 'UTC'),
            '',
            from_at,
            ifNull(until_at, ${end_of_days})
        FROM ${cx}.ticket_span
    )
    GROUP BY account_id, ticket_id
    HAVING tickets != 1
        OR empty(spans)
        OR tupleElement(spans[1], 1) != start
        OR tupleElement(spans[-1], 2) != ${end_of_days}
        OR tupleElement(spans[-1], 3) != status
        OR arrayExists(
            (span, next) -> tupleElement(span, 2) != tupleElement(next, 1), arrayPopBack(spans), arrayPopFront(spans)
        )
)
UNION ALL
SELECT
    'backlog_is_opened_and_reopened_less_solved',
    account_id,
    ticket_id,
    concat(
        'at ', toString(at), ' its spans change the backlog by ', toString(sum(held)), ', what happened to it by ',
        toString(sum(told))
    ),
    groupUniqArray(event_id)
FROM
(
    SELECT _e.*, _p.event_id AS event_id
    FROM
    (
        SELECT account_id, ticket_id, from_at AS at, toInt64(1) AS held, toInt64(0) AS told
        FROM ${cx}.ticket_span
        WHERE is_backlog = 1
        UNION ALL
        SELECT account_id, ticket_id, assumeNotNull(until_at), -1, 0
        FROM ${cx}.ticket_span
        WHERE is_backlog = 1 AND until_at IS NOT NULL
        UNION ALL
        SELECT account_id, ticket_id, assumeNotNull(opened_at), 0, 1
        FROM ${cx}.ticket
        WHERE opened_at IS NOT NULL
        UNION ALL
        -- A solve that is told of again while the ticket is solved takes nothing out of the stock.
        SELECT account_id, ticket_id, greatest(solved_at, assumeNotNull(opened_at)), 0, -1
        FROM
        (
            SELECT *, lagInFrame(toNullable(ordinal)) OVER before AS ordinal_before, lagInFrame(reopened_at) OVER before AS reopened_before
            FROM ${cx}.ticket_solve
            WHERE opened_at IS NOT NULL
            WINDOW before AS (PARTITION BY account_id, ticket_id ORDER BY ordinal ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
        )
        WHERE ordinal_before IS NULL OR reopened_before IS NOT NULL
        UNION ALL
        SELECT account_id, ticket_id, greatest(assumeNotNull(reopened_at), assumeNotNull(opened_at)), 0, 1
        FROM ${cx}.ticket_solve
        WHERE opened_at IS NOT NULL AND reopened_at IS NOT NULL
    ) AS _e
    INNER JOIN
    (
        -- Tickets whose whole life is in their solves: never removed, and each end after a reopening a solve.
        SELECT account_id, ticket_id, max(said_event) AS event_id
        FROM
        (
            SELECT
                account_id,
                ticket_id,
                event_id AS said_event,
                toInt64(reopens) AS reopened,
                toInt64(0) AS told,
                toInt64(status IN ('deleted', 'merged', 'spam')) AS removed,
                toInt64(status IN ('solved', 'closed')) AS is_done,
                toInt64(0) AS solved_again
            FROM ${cx}.ticket
            WHERE opened_at IS NOT NULL
            UNION ALL
            SELECT account_id, ticket_id, '', 0, toInt64(reopened_at IS NOT NULL), 0, 0, if(reopened_at IS NULL, toInt64(ordinal), 0)
            FROM ${cx}.ticket_solve
            UNION ALL
            SELECT account_id, ticket_id, '', 0, 0, toInt64(1), 0, 0
            FROM ${cx}.ticket_span
            WHERE status IN ('deleted', 'merged', 'spam')
        )
        GROUP BY account_id, ticket_id
        HAVING sum(reopened) = sum(told) AND sum(removed) = 0 AND (max(is_done) = 0 OR max(solved_again) > sum(told))
    ) AS _p ON _e.account_id = _p.account_id AND _e.ticket_id = _p.ticket_id
)
GROUP BY account_id, ticket_id, at
HAVING sum(held) != sum(told)
UNION ALL
SELECT
    'a_ticket_counts_what_happened_to_it',
    account_id,
    ticket_id,
    concat(
        'it says ', toString(arrayMap(count -> tupleElement(count, 1), counts)), ' messages, of the requester, solves, reopenings and ',
        'escalations, its rows are ', toString(arrayMap(count -> tupleElement(count, 2), counts))
    ),
    arrayFilter(event -> event != '', events)
FROM
(
    SELECT
        account_id,
        ticket_id,
        groupUniqArray(said_event) AS events,
        [
            (sum(tupleElement(said, 1)), sum(tupleElement(found, 1))),
            (sum(tupleElement(said, 2)), sum(tupleElement(found, 2))),
            (sum(tupleElement(said, 3)), sum(tupleElement(found, 3))),
            (sum(tupleElement(said, 4)), sum(tupleElement(found, 4))),
            (sum(tupleElement(said, 5)), sum(tupleElement(found, 5)))
        ] AS counts
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            event_id AS said_event,
            (toInt64(messages), toInt64(requester_messages), toInt64(solves), toInt64(reopens), toInt64(escalations)) AS said,
            (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0)) AS found
        FROM ${cx}.ticket
        UNION ALL
        SELECT
            account_id,
            ticket_id,
            '',
            (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0)),
            (toInt64(1), toInt64(author_type = 'requester' AND is_public), toInt64(0), toInt64(0), toInt64(0))
        FROM ${cx}.ticket_message
        UNION ALL
        SELECT
            account_id,
            ticket_id,
            '',
            (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0)),
            (toInt64(0), toInt64(0), toInt64(1), toInt64(reopened_at IS NOT NULL), toInt64(0))
        FROM ${cx}.ticket_solve
        UNION ALL
        SELECT
            account_id,
            ticket_id,
            '',
            (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(0)),
            (toInt64(0), toInt64(0), toInt64(0), toInt64(0), toInt64(1))
        FROM ${cx}.ticket_escalation
    )
    GROUP BY account_id, ticket_id
    HAVING arrayExists(count -> tupleElement(count, 1) != tupleElement(count, 2), counts)
)
UNION ALL
SELECT
    'merges_do_not_go_in_a_ring',
    account_id,
    ticket_id,
    concat('it was merged into ', merged_into, ', which comes back to it by way of ', toString(steps), if(steps = 1, ' merge', ' merges')),
    [event_id]
FROM
(
    SELECT
        account_id,
        tupleElement(merge, 1) AS ticket_id,
        tupleElement(merge, 2) AS merged_into,
        tupleElement(merge, 3) AS event_id,
        -- Where the ticket is after 1, 2, 3 ... merges; those in a ring come back within as many as there are.
        indexOf(
            arrayMap(
                steps -> arrayFold((here, step) -> targets[here], range(steps), merged_into),
                range(1, least(length(merges), 64) + 1)
            ),
            ticket_id
        ) AS steps
    FROM
    (
        SELECT
            _m.account_id AS account_id,
            groupArray((_m.ticket_id, _m.merged_into, _m.event_id)) AS merges,
            CAST((groupArray(_m.ticket_id), groupArray(_m.merged_into)), 'Map(String, String)') AS targets
        FROM (SELECT account_id, ticket_id, merged_into, event_id FROM ${cx}.ticket WHERE status = 'merged') AS _m
        INNER JOIN (SELECT account_id, ticket_id FROM ${cx}.ticket WHERE status = 'merged') AS _n
            ON _m.account_id = _n.account_id AND _m.merged_into = _n.ticket_id
        INNER JOIN (SELECT DISTINCT account_id, merged_into FROM ${cx}.ticket WHERE status = 'merged') AS _o
            ON _m.account_id = _o.account_id AND _m.ticket_id = _o.merged_into
        GROUP BY account_id
    )
    ARRAY JOIN merges AS merge
    WHERE steps > 0
)
UNION ALL
SELECT
    'portfolios_add_up_to_totals',
    '',
    measure,
    concat(
        'portfolios of all managers and of nobody have ', toString(sum(held)), ', without portfolios there are ', toString(sum(total))
    ),
    emptyArrayString()
FROM
(
    SELECT
        tupleElement(figure, 1) AS measure,
        sum(tupleElement(figure, 2)) AS held,
        toInt128(0) AS total
    FROM
    (
        SELECT arrayJoin([
            ('accounts', toInt128(accounts)),
            ('credited accounts', toInt128(account_bp)),
            (concat('overdue in ', currency), toInt128(overdue * 1000000)),
            (concat('renewals in ', currency), toInt128(renewal_value * 1000000)),
            ('recurring revenue', mrr_pico),
            ('overdue invoices', toInt128(overdue_invoices)),
            ('renewals', toInt128(renewals)),
            ('tickets', toInt128(tickets)),
            ('answers', toInt128(answers)),
            ('messages', toInt128(asked + replied))
        ]) AS figure
        FROM ${cx}.portfolio_part
        WHERE from_day <= toDate(${now}, '${zone}') AND until_day > toDate(${now}, '${zone}')
    )
    GROUP BY measure
    UNION ALL
    SELECT
        tupleElement(counted, 1),
        0,
        toInt128(countIf(stage NOT IN ('churned', 'former', 'cancelled', 'closed')) * tupleElement(counted, 2))
    FROM
    (
        SELECT account_id, argMax(lower(said), (is_told, valid_from, event_id)) AS stage
        FROM
        (
            SELECT account_id, toUInt8(1) AS is_told, valid_from, event_id, toString(lifecycle) AS said
            FROM ${cx}.account_history
            WHERE is_test = 0 AND valid_from <= ${now}
            UNION ALL
            SELECT account_id, 0, valid_from, event_id, ''
            FROM ${cx}.manager_assignment
            WHERE is_test = 0 AND role = 'OWNER' AND valid_from <= ${now}
        )
        WHERE account_id NOT IN (SELECT account_id FROM ${cx}.account_identity WHERE survivor_id != account_id)
        GROUP BY account_id
    )
    ARRAY JOIN [('accounts', 1), ('credited accounts', 10000)] AS counted
    GROUP BY counted
    UNION ALL
    SELECT 'recurring revenue', 0, sum(toInt128(_i.mrr_micros) * _r.rate_micros)
    FROM
    (
        SELECT toString(currency) AS code, rate_at, mrr_micros
        FROM ${cx}.mrr_item
        WHERE policy = 'cxledger' AND is_test = 0 AND valid_from <= ${now} AND (valid_to IS NULL OR valid_to > ${now})
    ) AS _i
    ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _i.code = _r.currency AND _i.rate_at >= _r.valid_from
    UNION ALL
    SELECT
        tupleElement(figure, 1), 0, sum(tupleElement(figure, 2))
    FROM ${cx}.receivable_span
    ARRAY JOIN [('overdue invoices', toInt128(1)), (concat('overdue in ', currency), toInt128(amount * 1000000))] AS figure
    WHERE due_day < toDate(${now}, '${zone}') AND from_day <= toDate(${now}, '${zone}') AND until_day > toDate(${now}, '${zone}')
    GROUP BY figure
    UNION ALL
    SELECT tupleElement(figure, 1), 0, sum(tupleElement(figure, 2))
    FROM ${cx}.renewal_due_day
    ARRAY JOIN [('renewals', toInt128(1)), (concat('renewals in ', currency), toInt128(value * 1000000))] AS figure
    WHERE horizon_days = 90 AND from_day <= toDate(${now}, '${zone}') AND until_day > toDate(${now}, '${zone}')
    GROUP BY figure
    UNION ALL
    SELECT 'tickets', 0, toInt128(count())
    FROM ${cx}.backlog_span
    WHERE toDate(least(from_at, ${end_of_days}), '${zone}') <= toDate(${now}, '${zone}')
        AND toDate(least(until_at, ${end_of_days}), '${zone}') > toDate(${now}, '${zone}')
    UNION ALL
    SELECT 'messages', 0, toInt128(count())
    FROM ${cx}.counted_message
    WHERE is_outside IS NOT NULL AND toDate(least(moment, ${end_of_days}), '${zone}') <= toDate(${now}, '${zone}')
        AND toDate(least(moment, ${end_of_days}), '${zone}') > addDays(toDate(${now}, '${zone}'), -30)
    UNION ALL
    SELECT 'answers', 0, toInt128(uniqExact(account_id, person))
    FROM ${cx}.nps_score
    WHERE toDate(least(moment, ${end_of_days}), '${zone}') <= toDate(${now}, '${zone}')
        AND toDate(least(moment, ${end_of_days}), '${zone}') > addDays(toDate(${now}, '${zone}'), -90)
)
GROUP BY measure
HAVING sum(held) != sum(total)
UNION ALL
SELECT
    'shares_are_all_of_an_account',
    account_id,
    account_id,
    concat('at ', toString(min(at)), ' shares change by ', toString(argMin(change, at)), ' hundredths of a percent altogether'),
    emptyArrayString()
FROM
(
    SELECT account_id, tupleElement(edge, 1) AS at, sum(tupleElement(edge, 2)) AS change
    FROM
    (
        SELECT
            account_id,
            arrayJoin(spans) AS span,
            tupleElement(span, 7) - tupleElement(span, 6) AS part,
            arrayJoin([(tupleElement(span, 1), part), (tupleElement(span, 2), -part)]) AS edge
        FROM ${cx}.credit_course
    )
    GROUP BY account_id, at
    HAVING change != multiIf(at = toDateTime64(0, 6, 'UTC'), 10000, at >= ${end_of_days}, -10000, 0)
)
GROUP BY account_id
UNION ALL
SELECT
    'health_is_what_the_tables_make_it',
    account_id,
    model_id,
    concat(
        'at the end of ', toString(day), ' the account stage says ', if(stage = '', 'nothing', stage), '; the tables make ',
        if(tables = '', 'nothing', tables)
    ),
    emptyArrayString()
FROM ${cx}.health_difference
