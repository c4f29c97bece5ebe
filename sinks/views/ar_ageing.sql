/*
comment: Open receivables at the end of every day, one row for each bucket of days past due
columns:
  grain: day
  window_start: Day, in the company's time zone
  window_end: The day after it
  dimension: all, account, manager (owner at the end of the day) or segment (at the end of the day)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  bucket: current, 1-30, 31-60, 61-90 or over 90 days past due
  value: Open balance in the bucket
  share: Of the open balance, in percent
  denominator: Open balance in all buckets
  is_final: 1 when the day has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Ageing of receivables
  formula: open balance by days past the due day -> current up to 0, then 1-30, 31-60, 61-90, over 90
  unit: units of the currency
  numerator: open balance in the bucket
  denominator: open balance
  interval: none
  source: Relentify and CBS; by due date and not by invoice date, which Kill Bill and Sage take
  edge_cases: >-
    As ar_open. Every day with something open has all five buckets, so that one that is empty shows as 0.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    currency,
    tupleElement(each, 1) AS bucket,
    tupleElement(each, 2) AS value,
    100 * toFloat64(value) / toFloat64(denominator) AS share,
    total AS denominator,
    is_final,
    as_of
FROM
(
    SELECT
        grain,
        window_start,
        window_end,
        dimension,
        dimension_value,
        currency,
        value AS total,
        arrayJoin([
            ('current', current),
            ('1-30', past_1_30),
            ('31-60', past_31_60),
            ('61-90', past_61_90),
            ('over 90', past_over_90)
        ]) AS each,
        is_final,
        as_of
    FROM ${cx}.ar_open
)
