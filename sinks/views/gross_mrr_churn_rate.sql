/*
comment: Revenue lost in a window through churn, contraction and pauses, against revenue when it began
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner when the window began), segment (then), plan or product_line (its main one then)
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  value: Gross MRR churn rate, in percent; NULL when nobody paid
  numerator: Churn, contractions and pauses of accounts that paid at the start, in the reporting currency
  denominator: Revenue at the start
  net_value: Net MRR churn rate, the same less what those accounts gained, in percent
  n: Accounts with revenue when the window began
  ci_low: Lower bound of the 95 % interval; NULL where there is none
  ci_high: Upper bound of the 95 % interval; NULL where there is none
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Gross MRR churn rate
  formula: 100 * (churn + contraction + pauses) / revenue at the start
  unit: percent
  numerator: revenue lost by movements in the window
  denominator: revenue of those accounts at the start
  interval: none
  source: flow form as ChartMogul publishes it (203359341)
  edge_cases: >-
    Accounts that were new in the window are outside, also where they left in it. 100, 150, 80 loses 70 %,
    although 80 % are kept. Pauses count as contraction.
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
    toFloat64(sum(lost)) / 1000000000000 AS numerator,
    toFloat64(sum(opening)) / 1000000000000 AS denominator,
    if(denominator = 0, NULL, 100 * (numerator - toFloat64(sum(gained)) / 1000000000000) / denominator) AS net_value,
    toInt64(countIf(opening > 0)) AS n,
    CAST(NULL, 'Nullable(Float64)') AS ci_low,
    CAST(NULL, 'Nullable(Float64)') AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.mrr_cohort_slice
GROUP BY months, window_start, window_end, dimension, dimension_value, policy
