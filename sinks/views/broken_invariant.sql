/*
comment: Rows that contradict each other; empty while all is well. Workers look at it all the time and raise a signal
columns:
  invariant: What must always hold, by name
  account_id: Account of the rows
  subject_id: Response, event, invoice or payment that breaks it
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
    )
    GROUP BY account_id, invoice_id, currency
    HAVING booked != told
)
GROUP BY account_id, invoice_id, currency, booked, told
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
