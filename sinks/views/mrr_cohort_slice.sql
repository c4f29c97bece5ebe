/*
comment: Rows of mrr_cohort for each slice that they belong to; every account has one value of each dimension
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager, segment, plan or product_line
  dimension_value: Slice when the window began; empty for all, and for accounts that belonged to none
  policy: MRR policy
  opening: Revenue when the window began, above 0
  closing: Revenue when it ended, or now
  gained: Expansions, resumptions and reactivations in the window
  lost: Contractions, pauses and churn in the window, above 0
  is_lost: 1 when an account that paid at the start has no revenue at the end and is not only paused
*/
SELECT
    months,
    window_start,
    window_end,
    dimension,
    multiIf(
        dimension = 'account', account_id,
        dimension = 'manager', owner,
        dimension = 'segment', segment,
        dimension = 'plan', plan_id,
        dimension = 'product_line', product_line,
        ''
    ) AS dimension_value,
    policy,
    opening,
    closing,
    gained,
    lost,
    is_lost
FROM (SELECT * FROM ${cx}.mrr_cohort WHERE opening > 0) AS _c
CROSS JOIN
(
    SELECT arrayJoin(['all', 'account', 'manager', 'segment', 'plan', 'product_line']) AS dimension
) AS _d
