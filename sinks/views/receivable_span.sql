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
  entities: Entities whose events make it, kind:id, as the event table names them
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
    toDecimal128(tupleElement(span, 5), 6) / 1000000 AS amount,
    arrayConcat([concat('invoice:', invoice_id)], arrayMap(id -> concat('dispute:', id), claims)) AS entities
FROM
(
    SELECT account_id, invoice_id, currency, is_on_credit, claims, span
    FROM
    (
        SELECT
            account_id,
            invoice_id,
            anyIf(said_currency, source = 'posting') AS currency,
            anyIf(said_on_credit, source = 'posting') AS is_on_credit,
            groupArrayIf((day, micros), source = 'posting') AS postings,
            arraySort(groupArrayIf((day, since, until), source = 'due')) AS dues,
            groupArrayIf((day, until), source = 'dispute') AS disputes,
            arraySort(groupUniqArrayIf(claim, source = 'dispute')) AS claims,
            arrayMin(tupleElement(postings, 1)) AS first_day,
            arraySort(
                arrayDistinct(
                    arrayConcat(
                        tupleElement(postings, 1),
                        tupleElement(dues, 1),
                        arrayFilter(
                            each -> each >= first_day AND each < toDate('2149-06-06'),
                            arrayConcat(tupleElement(disputes, 1), tupleElement(disputes, 2))
                        )
                    )
                )
            ) AS days
        FROM
        (
            -- One pass over all three instead of joins, so that a filter on the account reaches every table.
            SELECT
                account_id,
                invoice_id,
                'posting' AS source,
                toString(currency) AS said_currency,
                is_on_credit AS said_on_credit,
                toDate(least(at, ${end_of_days}), '${zone}') AS day,
                at AS since,
                toDate(0) AS until,
                amount_micros AS micros,
                '' AS claim
            FROM ${cx}.receivable_entry
            WHERE book = 'receivable' AND is_test = 0
            UNION ALL
            SELECT account_id, invoice_id, 'due', '', 0, from_day, valid_from, due_day, 0, ''
            FROM ${cx}.invoice_due_day
            UNION ALL
            SELECT
                account_id,
                invoice_id,
                'dispute',
                '',
                0,
                toDate(least(assumeNotNull(opened_at), ${end_of_days}), '${zone}'),
                assumeNotNull(opened_at),
                if(closed_at IS NULL, toDate('2149-06-06'), toDate(least(assumeNotNull(closed_at), ${end_of_days}), '${zone}')),
                0,
                dispute_id
            FROM ${cx}.dispute
            WHERE opened_at IS NOT NULL AND is_test = 0 AND invoice_id != ''
        )
        GROUP BY account_id, invoice_id
        HAVING notEmpty(postings)
    )
    ARRAY JOIN
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
        ) AS span
)
WHERE amount > 0
