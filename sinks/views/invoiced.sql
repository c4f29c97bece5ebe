/*
comment: What was invoiced, and below zero what was void later; credit invoices are no sales
columns:
  moment: When it was issued or void, UTC
  account_id: Account
  fact_id: Invoice
  currency: ISO 4217 currency of the amount
  is_on_credit: 0 for invoices that are charged automatically
  day: Day of the issue, or of the void, in the company's time zone
  amount: Amount that became receivable, below zero for a void
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    at AS moment,
    account_id,
    invoice_id AS fact_id,
    toString(currency) AS currency,
    is_on_credit,
    toDate(least(at, ${end_of_days}), '${zone}') AS day,
    toDecimal128(amount_micros, 6) / 1000000 AS amount,
    [concat('invoice:', invoice_id)] AS entities
FROM ${cx}.receivable_entry
WHERE book = 'receivable' AND kind IN ('issued', 'voided') AND is_test = 0
