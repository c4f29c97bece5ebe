/*
comment: Accounts lost in a window, of those that paid when it began
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner when the window began), segment (then), plan or product_line (its main one then)
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  value: Logo churn, in percent; NULL when nobody paid
  numerator: Accounts lost
  denominator: Accounts with revenue when the window began
  n: Accounts with revenue when the window began
  ci_low: Lower bound of the 95 % interval; NULL where there is none
  ci_high: Upper bound of the 95 % interval; NULL where there is none
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Logo churn
  formula: 100 * accounts without revenue at the end / accounts with revenue at the start
  unit: percent
  numerator: accounts that paid at the start and no longer do
  denominator: accounts that paid at the start
  interval: Wilson, 95 %
  source: ChartMogul 203359321
  edge_cases: >-
    All subscriptions of the account must have ended. Accounts that joined in the window are outside, also where
    they left in it; an account that left and returned within it has not churned; a paused one has not.
  version: 1
*/
SELECT
    months,
    window_start,
    window_end,
    dimension,
    dimension_value,
    policy,
    if(denominator = 0, NULL, 100 * numerator / denominator) AS value,
    toInt64(sum(is_lost)) AS numerator,
    toInt64(count()) AS denominator,
    toInt64(countIf(opening > 0)) AS n,
    ${wilson_low} AS ci_low,
    ${wilson_high} AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.mrr_cohort_slice
GROUP BY months, window_start, window_end, dimension, dimension_value, policy
