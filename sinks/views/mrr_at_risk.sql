/*
comment: >-
  Customers that are at risk now and what they bring in, by severity and slice, as corrected; a customer, an account with all that
  count as it, counts once, at its worst
columns:
  dimension: all, manager (owner now) or segment (now)
  dimension_value: Slice; empty for all, and for what belongs to none
  severity: high, medium or low; any for all of them
  accounts: Customers whose worst open episode is of the severity
  mrr: Their recurring revenue per month in the reporting currency, of what has an exchange rate
stored:
  order: [dimension, severity, dimension_value]
*/
SELECT
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    arrayJoin(['any', toString(worst)]) AS severity,
    toInt64(count()) AS accounts,
    sum(mrr_counted) AS mrr
FROM
(
    SELECT severity AS worst, mrr_counted, arrayJoin([('all', ''), ('manager', owner), ('segment', segment)]) AS slice
    FROM ${cx}.risk_open
    WHERE is_worst = 1
)
GROUP BY slice, severity
