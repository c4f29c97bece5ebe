/*
comment: >-
  What was owed to customers, and since when: overpayments, credit invoices and payments of what was not owed, less
  refunds; and credit that invoices used up, below zero. As of the end of any day D: WHERE from_day <= D AND until_day > D
columns:
  account_id: Account that it is owed to
  invoice_id: Invoice that left it, or used it up
  kind: left (by the invoice) or applied (to the invoice)
  currency: ISO 4217 currency of the amount
  from_day: First day at whose end this was so, in the company's time zone
  until_day: First day at whose end it was not so any more; 2149-06-06 where nothing has changed since
  amount: Credit; below zero where it was used up
*/
SELECT
    account_id,
    invoice_id,
    kind,
    currency,
    tupleElement(span, 1) AS from_day,
    tupleElement(span, 2) AS until_day,
    toDecimal128(tupleElement(span, 3), 6) / 1000000 AS amount
FROM
(
    SELECT
        account_id,
        invoice_id,
        kind,
        currency,
        arrayJoin(
            arrayMap(
                (day, next) -> (
                    day,
                    next,
                    if(
                        kind = 'applied',
                        arraySum(c -> if(tupleElement(c, 1) <= day, tupleElement(c, 2), 0), changes),
                        greatest(arraySum(c -> if(tupleElement(c, 1) <= day, tupleElement(c, 2), 0), changes), 0)
                    )
                ),
                arraySort(arrayDistinct(tupleElement(changes, 1))) AS days,
                arrayPushBack(arrayPopFront(days), toDate('2149-06-06'))
            )
        ) AS span
    FROM
    (
        SELECT account_id, invoice_id, kind, currency, groupArray((day, micros)) AS changes
        FROM
        (
            SELECT
                account_id,
                invoice_id,
                if(kind = 'credit_applied', 'applied', 'left') AS kind,
                toString(currency) AS currency,
                toDate(least(at, ${end_of_days}), '${zone}') AS day,
                toInt128(amount_micros) AS micros
            FROM ${cx}.receivable_entry
            WHERE book = 'customer_credit' AND is_test = 0
            UNION ALL
            SELECT
                _r.account_id,
                if(_r.invoice_id != '', _r.invoice_id, _p.invoice_id),
                'left',
                toString(_r.currency),
                toDate(least(assumeNotNull(_r.refunded_at), ${end_of_days}), '${zone}'),
                -toInt128(_r.amount_micros)
            FROM ${cx}.refund AS _r
            LEFT JOIN
            (
                SELECT account_id, payment_id, max(invoice_id) AS invoice_id FROM ${cx}.payment GROUP BY account_id, payment_id
            ) AS _p ON _r.account_id = _p.account_id AND _r.payment_id = _p.payment_id
            WHERE _r.status = 'refunded' AND _r.refunded_at IS NOT NULL AND _r.is_test = 0
        )
        GROUP BY account_id, invoice_id, kind, currency
    )
)
WHERE amount != 0
