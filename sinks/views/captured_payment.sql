/*
comment: Payments received, each once whatever it pays, with what of them was given back
columns:
  moment: When the money was received, UTC; the cohort that it belongs to
  account_id: Account that paid
  fact_id: Payment
  currency: ISO 4217 currency of the amounts
  amount: What was received
  given_back: What was given back of it, failed refunds left out
  is_refunded: 1 when any of it was given back
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    p.moment AS moment,
    p.account_id AS account_id,
    p.payment_id AS fact_id,
    p.currency AS currency,
    p.amount AS amount,
    r.refunded AS given_back,
    toUInt8(r.refunded > 0) AS is_refunded,
    arrayConcat(p.invoices, r.refunds) AS entities
FROM
(
    SELECT
        account_id,
        payment_id,
        toString(currency) AS currency,
        min(paid_at) AS moment,
        toDecimal128(greatest(sum(toInt128(amount_micros)), ifNull(max(payment_micros), 0)), 6) / 1000000 AS amount,
        arraySort(groupArray(concat('invoice:', invoice_id))) AS invoices
    FROM ${cx}.payment
    WHERE is_test = 0
    GROUP BY account_id, payment_id, currency
) AS p
LEFT JOIN
(
    SELECT
        account_id,
        payment_id,
        toString(currency) AS currency,
        sum(toDecimal128(amount_micros, 6)) / 1000000 AS refunded,
        arraySort(groupArray(concat('refund:', refund_id))) AS refunds
    FROM ${cx}.refund
    WHERE status = 'refunded' AND is_test = 0
    GROUP BY account_id, payment_id, currency
) AS r ON p.account_id = r.account_id AND p.payment_id = r.payment_id AND p.currency = r.currency
