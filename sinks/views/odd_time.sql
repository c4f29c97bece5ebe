/*
comment: What of timesheets cannot be right, or has no price, to be mended at its source
columns:
  kind: over_24_hours (entries of one person and day together), no_rate (none in force) or no_exchange_rate (of the rate's currency)
  day: Day of the work, in the company's time zone
  person_id: Our person
  minutes: Time together, in minutes
  n: Entries of the timesheet; pay_time_cost has each
*/
SELECT kind, day, person_id, toInt64(sum(_o.minutes)) AS minutes, toInt64(count()) AS n
FROM
(
    SELECT
        arrayJoin(
            arrayFilter(
                k -> k != '',
                [
                    if(of_day > 1440, 'over_24_hours', ''),
                    multiIf(has_cost = 1, '', rate_micros = 0, 'no_rate', 'no_exchange_rate')
                ]
            )
        ) AS kind,
        day,
        person_id,
        minutes
    FROM
    (
        SELECT
            *,
            toDate(least(moment, ${end_of_days}), '${zone}') AS day,
            sum(minutes) OVER (PARTITION BY person_id, day) AS of_day
        FROM ${cx}.pay_time_cost
    )
) AS _o
GROUP BY kind, day, person_id
