/*
comment: Payments received, each once whatever it pays, with what of them was given back
columns:
  moment: When the money was received, UTC; the cohort that it belongs to
  account_id: Account that paid
  fact_id: Payment
  currency: ISO 4217 currency of the amounts
  amount: What was received in the account, whatever banks took back since; of a payment over two accounts the part of each
  given_back: What was given back of it, failed refunds left out
  is_refunded: 1 when any of it was given back
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _p.moment AS moment,
    _p.account_id AS account_id,
    _p.payment_id AS fact_id,
    _p.currency AS currency,
    _p.amount AS amount,
    _r.refunded AS given_back,
    toUInt8(_r.refunded > 0) AS is_refunded,
    arrayConcat(_p.invoices, _r.refunds) AS entities
FROM
(
    SELECT account_id, payment_id, currency, received_at AS moment, parts + rest AS amount, entities AS invoices
    FROM ${cx}.whole_payment
) AS _p
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
) AS _r ON _p.account_id = _r.account_id AND _p.payment_id = _r.payment_id AND _p.currency = _r.currency
