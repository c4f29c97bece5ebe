/*
comment: Gross revenue retention of the accounts that paid when a window began
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner when the window began), segment (then), plan or product_line (its main one then)
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  value: Gross revenue retention, in percent, at most 100; NULL when nobody paid
  numerator: Their revenue at the end, of each at most what it was at the start
  denominator: Their revenue at the start
  n: Accounts with revenue when the window began
  ci_low: Lower bound of the 95 % interval; NULL where there is none
  ci_high: Upper bound of the 95 % interval; NULL where there is none
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Gross revenue retention
  formula: >-
    100 * sum of the smaller of revenue at the end and at the start / revenue at the start, of accounts with
    revenue at the start
  unit: percent
  numerator: revenue kept, of each account at most what it had
  denominator: revenue of those accounts at the start
  interval: none
  source: cohort form
  edge_cases: >-
    What rose and fell within the window counts by its end only: 100, 150, 80 keeps 80 %. See
    gross_mrr_churn_rate for the flow form.
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
    toFloat64(sum(greatest(least(closing, opening), toInt128(0)))) / 1000000000000 AS numerator,
    toFloat64(sum(opening)) / 1000000000000 AS denominator,
    toInt64(countIf(opening > 0)) AS n,
    CAST(NULL, 'Nullable(Float64)') AS ci_low,
    CAST(NULL, 'Nullable(Float64)') AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.mrr_cohort_slice
GROUP BY months, window_start, window_end, dimension, dimension_value, policy
