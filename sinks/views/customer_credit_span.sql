/*
comment: >-
  What was owed to customers, and since when: overpayments, rests of payments, credit invoices and payments of what was not
  owed, less what was used, refunded or claimed by banks. Below zero where more was used or returned than is known.
  As of the end of any day D: WHERE from_day <= D AND until_day > D
columns:
  account_id: Account that it is owed to
  invoice_id: Invoice that left it, or used it without its being there; empty for the rest of a payment
  kind: left (by the invoice or payment), applied (to the invoice, beyond what is known) or returned (likewise, of a payment)
  currency: ISO 4217 currency of the amount
  from_day: First day at whose end this was so, in the company's time zone
  until_day: First day at whose end it was not so any more; 2149-06-06 where nothing has changed since
  amount: Credit; below zero where it was used or returned without being there
  payment_id: Payment whose rest it is; empty for what an invoice left
*/
SELECT
    account_id,
    invoice_id,
    kind,
    currency,
    tupleElement(span, 1) AS from_day,
    tupleElement(span, 2) AS until_day,
    toDecimal128(tupleElement(span, 3), 6) / 1000000 AS amount,
    payment_id
FROM
(
    SELECT
        account_id,
        invoice_id,
        payment_id,
        kind,
        currency,
        arrayJoin(
            arrayMap(
                (day, next) -> (day, next, arraySum(c -> if(tupleElement(c, 1) <= day, tupleElement(c, 2), 0), changes)),
                arraySort(arrayDistinct(tupleElement(changes, 1))) AS days,
                arrayPushBack(arrayPopFront(days), toDate('2149-06-06'))
            )
        ) AS span
    FROM
    (
        SELECT account_id, invoice_id, payment_id, kind, currency, groupArray((day, micros)) AS changes
        FROM
        (
            SELECT
                account_id,
                invoice_id,
                payment_id,
                toString(kind) AS kind,
                toString(currency) AS currency,
                toDate(least(at, ${end_of_days}), '${zone}') AS day,
                toInt128(amount_micros) AS micros
            FROM ${cx}.credit_entry
            WHERE book = 'customer_credit' AND is_test = 0
            UNION ALL
            -- What a payment leaves over in one account and invoices of another have is no credit.
            SELECT
                account_id,
                '',
                payment_id,
                'left',
                currency,
                toDate(least(received_at, ${end_of_days}), '${zone}'),
                -toInt128(not_here * 1000000)
            FROM ${cx}.whole_payment
            WHERE not_here != 0
        )
        GROUP BY account_id, invoice_id, payment_id, kind, currency
    )
)
WHERE amount != 0
