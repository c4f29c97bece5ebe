/*
comment: >-
  Levels of meters by day, so that a day weighs the same however often its source reported on it
columns:
  account_id: Account
  meter: What is measured, as the source names it
  day: Day of the reports, in the company's time zone
  mean: Mean of the day's reports, in the meter's own unit
  peak: Highest of them
  last_value: Newest of them
  last_at: When that was measured, UTC
  most: Most that the account may use by that report; NULL without a limit
  n: Reports of the day
*/
SELECT
    account_id,
    toString(meter) AS meter,
    toDate(least(measured_at, ${end_of_days}), '${zone}') AS day,
    avg(value) AS mean,
    max(value) AS peak,
    argMax(value, measured_at) AS last_value,
    max(measured_at) AS last_at,
    tupleElement(argMax(tuple(_u.most), measured_at), 1) AS most,
    toInt64(count()) AS n
FROM ${cx}.usage_report AS _u
WHERE is_test = 0 AND measured_at <= ${now}
GROUP BY account_id, meter, day
