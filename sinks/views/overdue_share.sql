/*
comment: Share of open receivables that is past due, at the end of every day by slice and currency
columns:
  grain: day
  window_start: Day, in the company's time zone
  window_end: The day after it
  dimension: all, account, manager (owner at the end of the day) or segment (at the end of the day)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  value: Overdue share, in percent of the open balance
  numerator: Overdue balance
  denominator: Open balance
  n: Invoices with something open
  overdue_n: Of these, past due
  low_sample: 1 when n is below the low-sample threshold
  is_final: 1 when the day has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Overdue share of receivables
  formula: 100 * overdue balance / open balance
  unit: percent
  numerator: open balance past its due day
  denominator: open balance
  interval: none, as the share of an amount is no count of independent cases
  source: this project's own
  edge_cases: Nothing open, no row. A payment due today is not overdue before the day has ended.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    currency,
    100 * toFloat64(overdue) / toFloat64(denominator) AS value,
    overdue AS numerator,
    total AS denominator,
    n,
    overdue_n,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    is_final,
    as_of
FROM (SELECT * EXCEPT (value), value AS total FROM ${cx}.ar_open)
