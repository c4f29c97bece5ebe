/*
comment: First attempts to collect recurring invoices
columns:
  moment: When the first attempt failed or succeeded, UTC
  account_id: Account to be charged
  fact_id: Invoice
  currency: ISO 4217 currency of the amount
  amount: What was to be collected
  is_failed: 1 when the first attempt failed, or banks took all of it back later
  is_hard: 1 when it failed and trying again cannot help
  is_soft: 1 when it failed and trying again may help
  failure_code: Code of the processor; empty when it succeeded or nobody said
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _a.at AS moment,
    _a.account_id AS account_id,
    _a.invoice_id AS fact_id,
    toString(_a.currency) AS currency,
    toDecimal128(_a.amount_micros, 6) / 1000000 AS amount,
    toUInt8(_a.outcome != 'succeeded') AS is_failed,
    toUInt8(_a.failure_kind = 'HARD') AS is_hard,
    toUInt8(_a.failure_kind = 'SOFT') AS is_soft,
    toString(_a.failure_code) AS failure_code,
    [concat('invoice:', _a.invoice_id)] AS entities
FROM (SELECT * FROM ${cx}.payment_attempt WHERE is_first = 1 AND is_test = 0) AS _a
INNER JOIN
(
    SELECT account_id, invoice_id
    FROM ${cx}.invoice
    WHERE is_recurring = 1 AND billing_reason != 'TRIAL_END' AND collection_method != 'SEND_INVOICE'
) AS _i ON _a.account_id = _i.account_id AND _a.invoice_id = _i.invoice_id
