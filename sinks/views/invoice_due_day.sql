/*
comment: Due day of every invoice over time; payment terms stand in where the invoice names no date
columns:
  account_id: Account
  invoice_id: Invoice
  valid_from: From when the due day holds, UTC
  from_day: The day of that, in the company's time zone
  due_day: Day by whose end payment is due, in the company's time zone
  policy_version: Version of the payment terms that set it; empty for the default and for a date of the source's own
*/
SELECT
    d.account_id AS account_id,
    d.invoice_id AS invoice_id,
    d.valid_from AS valid_from,
    toDate(least(d.valid_from, toDateTime64('2149-01-01', 6, 'UTC')), '${zone}') AS from_day,
    toDate(
        least(ifNull(d.due_at, d.issued_at + toIntervalDay(t.days)), toDateTime64('2149-01-01', 6, 'UTC')), '${zone}'
    ) AS due_day,
    if(d.due_at IS NULL, t.policy_version, '') AS policy_version
FROM
(
    SELECT 'payment_terms_days' AS policy, account_id, invoice_id, valid_from, due_at, issued_at
    FROM ${cx}.invoice_due
    WHERE is_test = 0
) AS d
ASOF LEFT JOIN ${cx}.payment_term AS t ON d.policy = t.policy AND d.issued_at >= t.valid_from
