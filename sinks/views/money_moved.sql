/*
comment: Payments captured, refunds and chargebacks, each at its own time
columns:
  moment: When it happened, UTC
  account_id: Account
  fact_id: Payment, refund, dispute or return
  kind: captured, refunded, refund_failed, chargeback or returned
  currency: ISO 4217 currency of the amount
  amount: Amount of it
  reason: Reason of a refund or chargeback as its source names it; empty when not told
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT moment, account_id, fact_id, 'captured' AS kind, currency, amount, '' AS reason, entities
FROM ${cx}.captured_payment
UNION ALL
SELECT
    assumeNotNull(refunded_at),
    account_id,
    refund_id,
    if(status = 'failed', 'refund_failed', 'refunded'),
    toString(currency),
    toDecimal128(amount_micros, 6) / 1000000,
    toString(reason),
    [concat('refund:', refund_id)]
FROM ${cx}.refund
WHERE refunded_at IS NOT NULL AND is_test = 0
UNION ALL
SELECT
    assumeNotNull(opened_at),
    account_id,
    dispute_id,
    'chargeback',
    toString(currency),
    toDecimal128(amount_micros, 6) / 1000000,
    toString(reason),
    [concat('dispute:', dispute_id)]
FROM ${cx}.dispute
WHERE opened_at IS NOT NULL AND is_chargeback = 1 AND is_test = 0
UNION ALL
SELECT
    returned_at,
    account_id,
    concat(return_id, '/', payment_id, '/', invoice_id),
    'returned',
    toString(currency),
    toDecimal128(amount_micros, 6) / 1000000,
    toString(return_code),
    [if(invoice_id = '', concat('receipt:', payment_id), concat('invoice:', invoice_id))]
FROM ${cx}.payment_return
WHERE is_test = 0
