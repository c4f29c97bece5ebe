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
    _d.account_id AS account_id,
    _d.invoice_id AS invoice_id,
    _d.valid_from AS valid_from,
    toDate(least(_d.valid_from, ${end_of_days}), '${zone}') AS from_day,
    toDate(
        least(ifNull(_d.due_at, _d.issued_at + toIntervalDay(_t.days)), ${end_of_days}), '${zone}'
    ) AS due_day,
    if(_d.due_at IS NULL, _t.policy_version, '') AS policy_version
FROM
(
    SELECT 'payment_terms_days' AS policy, account_id, invoice_id, valid_from, due_at, issued_at
    FROM ${cx}.invoice_due
    WHERE is_test = 0
) AS _d
ASOF LEFT JOIN ${cx}.payment_term AS _t ON _d.policy = _t.policy AND _d.issued_at >= _t.valid_from
