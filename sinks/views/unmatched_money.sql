/*
comment: Payments of invoices, and refunds and chargebacks of payments, whose other half is not known; empty when all is matched
columns:
  kind: payment (of an unknown invoice), refund or chargeback (of an unknown payment)
  account_id: Account
  subject_id: Payment, refund or dispute
  missing_id: Invoice or payment that is not known
  currency: ISO 4217 currency of the amount
  amount: Amount of it
  moment: When it happened, UTC
  event_id: Event that told it
*/
SELECT
    'payment' AS kind,
    p.account_id AS account_id,
    p.payment_id AS subject_id,
    p.invoice_id AS missing_id,
    toString(p.currency) AS currency,
    toDecimal128(p.amount_micros, 6) / 1000000 AS amount,
    p.paid_at AS moment,
    p.event_id AS event_id
FROM ${cx}.payment AS p
INNER JOIN (SELECT account_id, invoice_id FROM ${cx}.invoice WHERE status = 'incomplete') AS i
    ON p.account_id = i.account_id AND p.invoice_id = i.invoice_id
WHERE p.is_test = 0
UNION ALL
SELECT m.kind, m.account_id, m.subject_id, m.payment_id, m.currency, m.amount, m.moment, m.event_id
FROM
(
    SELECT
        'refund' AS kind,
        account_id,
        refund_id AS subject_id,
        payment_id,
        toString(currency) AS currency,
        toDecimal128(amount_micros, 6) / 1000000 AS amount,
        assumeNotNull(refunded_at) AS moment,
        event_id
    FROM ${cx}.refund
    WHERE refunded_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        'chargeback',
        account_id,
        dispute_id,
        payment_id,
        toString(currency),
        toDecimal128(amount_micros, 6) / 1000000,
        assumeNotNull(opened_at),
        event_id
    FROM ${cx}.dispute
    WHERE opened_at IS NOT NULL AND is_chargeback = 1 AND is_test = 0
) AS m
LEFT ANTI JOIN ${cx}.payment AS p ON m.account_id = p.account_id AND m.payment_id = p.payment_id
