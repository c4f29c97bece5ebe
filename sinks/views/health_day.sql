/*
comment: UTC days, from the first of 1970 to today, at whose end the health of accounts may be asked for
columns:
  day: Day
  day_no: The same, days since 1970
  day_end: First moment after it, UTC
*/
SELECT
    toDate(number) AS day,
    toInt32(number) AS day_no,
    toDateTime64(toDate(number), 6, 'UTC') + toIntervalDay(1) AS day_end
FROM numbers(toUInt64(toDate(${now}, 'UTC')) + 1)
