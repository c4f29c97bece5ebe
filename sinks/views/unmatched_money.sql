/*
comment: Payments of invoices, and refunds, chargebacks and returns of payments, whose other half is not known; empty when all is matched
columns:
  kind: payment (of an unknown invoice), refund, chargeback or return (of an unknown payment)
  account_id: Account
  subject_id: Payment, refund, dispute or return
  missing_id: Invoice or payment that is not known
  currency: ISO 4217 currency of the amount
  amount: Amount of it
  moment: When it happened, UTC
  event_id: Event that told it
*/
SELECT
    'payment' AS kind,
    _p.account_id AS account_id,
    _p.payment_id AS subject_id,
    _p.invoice_id AS missing_id,
    toString(_p.currency) AS currency,
    toDecimal128(_p.amount_micros, 6) / 1000000 AS amount,
    _p.paid_at AS moment,
    _p.event_id AS event_id
FROM ${cx}.payment AS _p
INNER JOIN (SELECT account_id, invoice_id FROM ${cx}.invoice WHERE status = 'incomplete') AS _i
    ON _p.account_id = _i.account_id AND _p.invoice_id = _i.invoice_id
WHERE _p.is_test = 0
UNION ALL
SELECT _m.kind, _m.account_id, _m.subject_id, _m.payment_id, _m.currency, _m.amount, _m.moment, _m.event_id
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
    UNION ALL
    SELECT
        'return',
        account_id,
        return_id,
        payment_id,
        toString(currency),
        toDecimal128(amount_micros, 6) / 1000000,
        returned_at,
        event_id
    FROM ${cx}.payment_return
    WHERE is_test = 0
) AS _m
LEFT ANTI JOIN
(
    SELECT account_id, payment_id FROM ${cx}.payment
    UNION ALL
    SELECT account_id, payment_id FROM ${cx}.receipt
) AS _p ON _m.account_id = _p.account_id AND _m.payment_id = _p.payment_id
