/*
comment: Net revenue retention of the accounts that paid when a window began
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner when the window began), segment (then), plan or product_line (its main one then)
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  value: Net revenue retention, in percent; NULL when nobody paid
  numerator: Their revenue at the end, in the reporting currency
  denominator: Their revenue at the start
  n: Accounts with revenue when the window began
  ci_low: Lower bound of the 95 % interval; NULL where there is none
  ci_high: Upper bound of the 95 % interval; NULL where there is none
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Net revenue retention
  formula: 100 * revenue at the end / revenue at the start, of accounts with revenue at the start
  unit: percent
  numerator: revenue of those accounts at the window's end
  denominator: revenue of those accounts at its start
  interval: none
  source: cohort form; ChartMogul's net MRR churn counts reactivations, so that 100 minus it is another figure
  edge_cases: >-
    An account that had churned before the window is outside, whether it returns or not. A paused account has no
    revenue at the end. Changes of exchange rates between service periods are part of it. An account belongs to the plan
    and the product line that brought most of its revenue when the window began, with all of its revenue at both ends:
    who moves to a dearer plan has grown.
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
    toFloat64(sum(closing)) / 1000000000000 AS numerator,
    toFloat64(sum(opening)) / 1000000000000 AS denominator,
    toInt64(countIf(opening > 0)) AS n,
    CAST(NULL, 'Nullable(Float64)') AS ci_low,
    CAST(NULL, 'Nullable(Float64)') AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.mrr_cohort_slice
GROUP BY months, window_start, window_end, dimension, dimension_value, policy
