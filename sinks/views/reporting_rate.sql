/*
comment: Exchange rates into the reporting currency, and from when each is in force
columns:
  currency: Currency that is converted
  valid_from: From when the rate holds, UTC; until the next row of the same currency
  rate_micros: Millionths of the reporting currency for one unit
*/
SELECT toString(base) AS currency, valid_from, rate_micros
FROM ${cx}.fx_rate
WHERE quote = '${reporting_currency}' AND base != '${reporting_currency}'
UNION ALL
SELECT '${reporting_currency}', toDateTime64('1970-01-01 00:00:00', 6, 'UTC'), toInt64(1000000)
