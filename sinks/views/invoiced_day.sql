/*
comment: What was invoiced, less what was void, by account and day; credit invoices are no sales
columns:
  account_id: Account
  currency: ISO 4217 currency of the amount
  is_on_credit: 0 for invoices that are charged automatically
  day: Day of the issue, or of the void, in the company's time zone
  invoiced: Amount that became receivable, below zero for a void
*/
SELECT
    account_id,
    toString(currency) AS currency,
    is_on_credit,
    toDate(least(at, ${end_of_days}), '${zone}') AS day,
    sum(toDecimal128(amount_micros, 6)) / 1000000 AS invoiced
FROM ${cx}.receivable_entry
WHERE book = 'receivable' AND kind IN ('issued', 'voided') AND is_test = 0
GROUP BY account_id, currency, is_on_credit, day
