/*
comment: What was invoiced, less what was void, by account and day; credit invoices are no sales
columns:
  account_id: Account
  currency: ISO 4217 currency of the amount
  is_on_credit: 0 for invoices that are charged automatically
  day: Day of the issue, or of the void, in the company's time zone
  invoiced: Amount that became receivable, below zero for a void
*/
SELECT account_id, currency, is_on_credit, day, sum(amount) AS invoiced
FROM ${cx}.invoiced
GROUP BY account_id, currency, is_on_credit, day
