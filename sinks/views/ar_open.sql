/*
comment: Open receivables at the end of every day by slice and currency, split by days past due
columns:
  grain: day
  window_start: Day, in the company's time zone
  window_end: The day after it
  dimension: all, account, manager (owner at the end of the day) or segment (at the end of the day)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  value: Open balance
  n: Invoices with something open
  overdue: Of the balance, past due
  overdue_n: Invoices past due
  current: Not past due (the due day itself included)
  past_1_30: 1 to 30 days past due
  past_31_60: 31 to 60 days past due
  past_61_90: 61 to 90 days past due
  past_over_90: More than 90 days past due
  disputed: Open and in dispute
  is_final: 1 when the day has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Open receivables and their age
  formula: sum of what is open on each invoice at the end of the day, by days between its due day and that day
  unit: units of the currency
  numerator: open balance
  denominator: none
  interval: none
  source: Relentify and CBS age by due date; Lago and JewelTrak for what is open
  edge_cases: >-
    An invoice is in one bucket, by the due day that held then; a moved due date ages from its own time on. Without a
    due date it is the issue plus payment terms (payment_terms_days, 30 days). Overpayments, credit invoices and
    payments of void invoices are customer credit and never lower what others owe; see customer_credit_span. Currencies
    are never added up. Days without anything open have no row. Invoice by invoice as of any day: receivable_span.
  version: 1
*/
SELECT
    'day' AS grain,
    day AS window_start,
    addDays(day, 1) AS window_end,
    dimension,
    dimension_value,
    currency,
    open AS value,
    open_invoices AS n,
    open - current AS overdue,
    overdue_invoices AS overdue_n,
    current,
    past_1_30,
    past_31_60,
    past_61_90,
    past_over_90,
    disputed,
    toUInt8(day < toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM ${cx}.receivable_day
WHERE open_invoices != 0
