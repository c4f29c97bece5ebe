/*
comment: Terms of payment in force over time, for invoices without a due date
columns:
  policy: payment_terms_days
  valid_from: From when the terms hold, UTC
  days: Days from the issue of an invoice to its due date
  policy_version: Version of the policy; empty for the default of 30 days
*/
SELECT
    'payment_terms_days' AS policy,
    valid_from,
    least(toUInt32(value), 36500) AS days,
    toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'payment_terms_days'
UNION ALL
SELECT 'payment_terms_days', toDateTime64(0, 6, 'UTC'), 30, ''
