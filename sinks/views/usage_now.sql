/*
comment: Where every meter of an account stands, against its limit and against the thirty days before
columns:
  account_id: Account
  meter: What is measured, as the source names it
  value: Newest level, in the meter's own unit
  measured_at: When the meter stood there, UTC
  most: Most that the account may use by that report; NULL without a limit
  used: Newest level in percent of the limit, above 100 beyond it; NULL without a limit, or with one of nothing
  mean_30d: Mean of the days with reports among the last 30, today included; NULL without any
  mean_before: The same of the 30 days before these
  change: What the mean gained against the 30 days before, in percent; NULL where one of them is missing, or the one before is 0
  days_30d: Days with reports among the last 30
  days_before: Days with reports among the 30 before
  silent_days: Whole days since the newest level
  entity: Entity of the newest report, kind:id, as the event table names it
*/
SELECT
    account_id,
    meter,
    tupleElement(newest, 1) AS value,
    measured_at,
    tupleElement(newest, 2) AS most,
    if(most > 0, 100 * value / most, NULL) AS used,
    if(days_30d > 0, toNullable(late_sum / days_30d), NULL) AS mean_30d,
    if(days_before > 0, toNullable(early_sum / days_before), NULL) AS mean_before,
    if(mean_before > 0, 100 * (mean_30d - mean_before) / mean_before, NULL) AS change,
    days_30d,
    days_before,
    intDiv(toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(measured_at), 86400000000) AS silent_days,
    concat(
        'usage_report:',
        replaceAll(replaceAll(replaceAll(meter, '%', '%25'), '/', '%2F'), '=', '%3D'),
        '/',
        toString(toUnixTimestamp64Micro(measured_at))
    ) AS entity
FROM
(
    SELECT
        account_id,
        meter,
        argMax((last_value, most), _d.last_at) AS newest,
        max(_d.last_at) AS measured_at,
        sumIf(mean, age < 30) AS late_sum,
        sumIf(mean, age >= 30 AND age < 60) AS early_sum,
        toInt64(countIf(age < 30)) AS days_30d,
        toInt64(countIf(age >= 30 AND age < 60)) AS days_before
    FROM (SELECT *, toDate(${now}, '${zone}') - day AS age FROM ${cx}.usage_day) AS _d
    GROUP BY account_id, meter
)
