/*
comment: Money received, one row per payment and invoice that it pays
columns:
  moment: When the money was received, UTC
  account_id: Account that paid
  fact_id: Payment and invoice, as payment/invoice
  currency: ISO 4217 currency of the amount
  amount: Part of the payment that pays the invoice
  method: Way of payment; empty when not told
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    paid_at AS moment,
    account_id,
    concat(payment_id, '/', invoice_id) AS fact_id,
    toString(currency) AS currency,
    toDecimal128(amount_micros, 6) / 1000000 AS amount,
    toString(method) AS method,
    [concat('invoice:', invoice_id)] AS entities
FROM ${cx}.payment
WHERE is_test = 0
