/*
comment: Share of what could be collected in a month or quarter that was collected, by slice and currency
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner at the end of each day) or segment
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  value: Collection effectiveness, in percent
  numerator: Open before, plus sales, less open after
  denominator: Open before, plus sales, less open after and not yet due
  open_before: Open at the end of the day before the window
  sales: Invoiced in the window, less what was void in it
  open_after: Open at the end of the window
  current_after: Of that, not past due
  n: Invoices open at the end of the window
  is_final: 1 when the window has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Collection effectiveness
  formula: 100 * (open before + sales - open after) / (open before + sales - open after and not yet due)
  unit: percent
  numerator: what was collected of it
  denominator: what was due in the window
  interval: none
  source: collection effectiveness index of credit management practice
  edge_cases: >-
    NULL when nothing was due. Credit notes and write-offs lower what is open and so count as collected. Before the
    window has ended it is the figure as of today.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    currency,
    if(denominator = 0, NULL, toNullable(100 * toFloat64(numerator) / toFloat64(denominator))) AS value,
    open_before + sales - open_after AS numerator,
    open_before + sales - current_after AS denominator,
    open_before,
    sales,
    open_after,
    current_after,
    n,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.receivable_window
WHERE open_before != 0 OR sales != 0 OR open_after != 0
