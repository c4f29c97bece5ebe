/*
comment: >-
  What was owed on every invoice, and since when: one row per invoice and span of days with the same balance and due day.
  As of the end of any day D: WHERE from_day <= D AND until_day > D; days past due are D - due_day
columns:
  account_id: Account that owes it
  invoice_id: Invoice
  currency: ISO 4217 currency of the amount
  is_on_credit: 0 where the invoice is charged automatically, which is no sale on credit
  from_day: First day at whose end this was open, in the company's time zone
  until_day: First day at whose end it was not so any more; 2149-06-06 where nothing has changed since
  due_day: Day by whose end payment was due, as known then
  is_disputed: 1 while a dispute of the invoice was open
  amount: Open balance
*/
SELECT
    account_id,
    invoice_id,
    currency,
    is_on_credit,
    tupleElement(span, 1) AS from_day,
    tupleElement(span, 2) AS until_day,
    tupleElement(span, 3) AS due_day,
    toUInt8(tupleElement(span, 4)) AS is_disputed,
    toDecimal128(tupleElement(span, 5), 6) / 1000000 AS amount
FROM
(
    SELECT
        account_id,
        invoice_id,
        currency,
        is_on_credit,
        arrayJoin(
            arrayMap(
                (day, next) -> (
                    day,
                    next,
                    tupleElement(arrayLast(due -> tupleElement(due, 1) <= day, dues), 3),
                    arrayExists(d -> tupleElement(d, 1) <= day AND tupleElement(d, 2) > day, disputes),
                    arraySum(posting -> if(tupleElement(posting, 1) <= day, tupleElement(posting, 2), 0), postings)
                ),
                days,
                arrayPushBack(arrayPopFront(days), toDate('2149-06-06'))
            )
        ) AS span
    FROM
    (
        SELECT
            _e.account_id AS account_id,
            _e.invoice_id AS invoice_id,
            _e.currency AS currency,
            _e.is_on_credit AS is_on_credit,
            _e.postings AS postings,
            _u.dues AS dues,
            _p.disputes AS disputes,
            arraySort(
                arrayDistinct(
                    arrayConcat(
                        arrayMap(posting -> tupleElement(posting, 1), _e.postings),
                        arrayMap(due -> tupleElement(due, 1), _u.dues),
                        arrayFilter(
                            day -> day >= _e.first_day AND day < toDate('2149-06-06'),
                            arrayConcat(tupleElement(_p.disputes, 1), tupleElement(_p.disputes, 2))
                        )
                    )
                )
            ) AS days
        FROM
        (
            SELECT
                account_id,
                invoice_id,
                toString(any(currency)) AS currency,
                any(is_on_credit) AS is_on_credit,
                groupArray((toDate(least(at, toDateTime64('2149-01-01', 6, 'UTC')), '${zone}'), amount_micros)) AS postings,
                arrayMin(tupleElement(postings, 1)) AS first_day
            FROM ${cx}.receivable_entry
            WHERE book = 'receivable' AND is_test = 0
            GROUP BY account_id, invoice_id
        ) AS _e
        LEFT JOIN
        (
            SELECT account_id, invoice_id, arraySort(groupArray((from_day, valid_from, due_day))) AS dues
            FROM ${cx}.invoice_due_day
            GROUP BY account_id, invoice_id
        ) AS _u ON _e.account_id = _u.account_id AND _e.invoice_id = _u.invoice_id
        LEFT JOIN
        (
            SELECT
                account_id,
                invoice_id,
                groupArray((
                    toDate(assumeNotNull(opened_at), '${zone}'),
                    ifNull(toDate(closed_at, '${zone}'), toDate('2149-06-06'))
                )) AS disputes
            FROM ${cx}.dispute
            WHERE opened_at IS NOT NULL AND is_test = 0 AND invoice_id != ''
            GROUP BY account_id, invoice_id
        ) AS _p ON _e.account_id = _p.account_id AND _e.invoice_id = _p.invoice_id
    )
)
WHERE amount > 0
