/*
comment: Annual recurring revenue at the end of every window, by slice, in the reporting currency
columns:
  grain: day, week, month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, plan, product_line, manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  policy: MRR policy
  value: Annual recurring revenue at the window's end, or now while it has not ended, in the reporting currency
  contract: The same before discounts
  n: Accounts with revenue
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Annual recurring revenue
  formula: 12 * mrr
  unit: reporting currency per year
  numerator: monthly recurring revenue times twelve
  denominator: none, it is a stock
  interval: none
  source: metrics of subscription businesses at large; revenue agreed in contracts for years is another figure
  edge_cases: As in mrr.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    policy,
    12 * value AS value,
    12 * contract AS contract,
    n,
    is_final,
    as_of
FROM ${cx}.mrr
