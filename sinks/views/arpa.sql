/*
comment: Average recurring revenue per paying account at the end of every window, by slice, in the reporting currency
columns:
  grain: day, week, month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, plan, product_line, manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  policy: MRR policy
  value: Revenue per month and account; NULL when nobody pays
  numerator: Recurring revenue
  n: Accounts with revenue
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Average revenue per account
  formula: mrr / accounts with revenue
  unit: reporting currency per month and account
  numerator: monthly recurring revenue
  denominator: accounts with revenue
  interval: none
  source: ChartMogul 203359301
  edge_cases: Several subscriptions of one account are one account. Free and paused accounts are not counted.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    policy,
    if(n = 0, NULL, toFloat64(mrr) / n) AS value,
    mrr AS numerator,
    n,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    is_final,
    as_of
FROM (SELECT * EXCEPT (value), value AS mrr FROM ${cx}.mrr)
