/*
comment: Renewals that are due within 30, 60 and 90 days and not decided, at the end of every day by slice and currency
columns:
  grain: day
  window_start: Day, in the company's time zone
  window_end: The day after it
  horizon_days: 30, 60 or 90
  dimension: all, account, manager (owner at the end of the day) or segment (at the end of the day)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the value
  value: Yearly value of the contracts
  n: Contracts
  auto_renew_n: Of these, contracts that renew themselves unless notice is given in time
  is_final: 1 when the day has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Renewals due
  formula: yearly value of contracts with a renewal due after the day and at most 30, 60 or 90 days after it, not decided by its end
  unit: units of the currency
  numerator: yearly value
  denominator: none
  interval: none
  source: Gainsight Renewals Due
  edge_cases: >-
    A renewal that is decided early leaves the list on that day, one that renews itself when its notice has passed. An amended
    due date moves it, on earlier days too; first_due_at of renewal_due keeps the first one. Of a term of several years a year's
    share counts. Contracts by month and without an end are never due. Before its term began a renewal is on no list. The
    horizons contain each other: 90 days include 30. Contract by contract, with notice dates, receivables and tickets, see
    renewal_due. Currencies are never added up. Days without any have no row.
  version: 1
stored:
  order: [dimension, horizon_days, window_start, dimension_value, currency]
  where: dimension != 'account'
*/
SELECT
    'day' AS grain,
    arrayJoin(
        arrayMap(
            each -> toDate(each),
            range(
                toUInt32(change_day),
                greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day))
            )
        )
    ) AS window_start,
    addDays(window_start, 1) AS window_end,
    horizon_days,
    dimension,
    dimension_value,
    currency,
    total AS value,
    contracts AS n,
    auto_renewing AS auto_renew_n,
    toUInt8(window_start < toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        dimension,
        dimension_value,
        horizon_days,
        currency,
        change_day,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(change) OVER so_far AS total,
        sum(change_n) OVER so_far AS contracts,
        sum(change_auto) OVER so_far AS auto_renewing
    FROM
    (
        SELECT
            dimension,
            dimension_value,
            horizon_days,
            currency,
            tupleElement(edge, 1) AS change_day,
            sum(value * tupleElement(edge, 2)) AS change,
            sum(toInt64(tupleElement(edge, 2))) AS change_n,
            sum(toInt64(is_auto_renew * tupleElement(edge, 2))) AS change_auto
        FROM
        (
            SELECT 'all' AS dimension, '' AS dimension_value, horizon_days, currency, value, is_auto_renew,
                arrayJoin([(from_day, 1), (until_day, -1)]) AS edge
            FROM ${cx}.renewal_due_day
            UNION ALL
            SELECT 'account' AS dimension, account_id AS dimension_value, horizon_days, currency, value, is_auto_renew,
                arrayJoin([(from_day, 1), (until_day, -1)]) AS edge
            FROM ${cx}.renewal_due_day
            UNION ALL
            SELECT 'manager' AS dimension, owner AS dimension_value, horizon_days, currency, value, is_auto_renew,
                arrayJoin([(from_day, 1), (until_day, -1)]) AS edge
            FROM ${cx}.renewal_due_slice
            UNION ALL
            SELECT 'segment' AS dimension, segment AS dimension_value, horizon_days, currency, value, is_auto_renew,
                arrayJoin([(from_day, 1), (until_day, -1)]) AS edge
            FROM ${cx}.renewal_due_slice
        )
        GROUP BY dimension, dimension_value, horizon_days, currency, change_day
    )
    WINDOW
        so_far AS (PARTITION BY dimension, dimension_value, horizon_days, currency ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (
            PARTITION BY dimension, dimension_value, horizon_days, currency ORDER BY change_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
WHERE contracts != 0
