/*
comment: Lifetime value of an account by month, from what accounts pay and how many are lost
columns:
  window_start: First day of the month, in the company's time zone
  window_end: First day after the month
  dimension: all, manager, segment, plan or product_line; arpa is of the month's end, churn of the slices when months began
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  value: Lifetime value of an account in the reporting currency; NULL where nobody was lost in the months before
  arpa: Average revenue per account at the month's end
  churn: Mean logo churn of the months before, in percent
  months: How many months before it that mean is of, 6 at most
  is_final: 1 when the month has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Customer lifetime value
  formula: arpa / mean logo churn of the six months before, the month itself left out
  unit: reporting currency per account
  numerator: average revenue per account
  denominator: mean of up to six monthly churn rates
  interval: none
  source: ChartMogul 203359061
  edge_cases: >-
    No churn in those months gives no value. Months in which nobody paid have no churn rate and are left out. Of a plan
    or product line, arpa is what it brings of itself, and lost are accounts of which it was the main one.
  version: 1
*/
SELECT
    _a.window_start AS window_start,
    _a.window_end AS window_end,
    _a.dimension AS dimension,
    _a.dimension_value AS dimension_value,
    _a.policy AS policy,
    if(_c.churn > 0, toNullable(_a.value / (_c.churn / 100)), NULL) AS value,
    _a.value AS arpa,
    _c.churn AS churn,
    _c.months AS months,
    _a.is_final AS is_final,
    _a.as_of AS as_of
FROM (SELECT * FROM ${cx}.arpa WHERE grain = 'month' AND dimension != 'account') AS _a
INNER JOIN
(
    SELECT
        addMonths(window_start, ahead) AS month,
        dimension,
        dimension_value,
        policy,
        avg(assumeNotNull(value)) AS churn,
        toUInt8(count()) AS months
    FROM
    (
        SELECT *, arrayJoin(range(1, 7)) AS ahead
        FROM ${cx}.logo_churn
        WHERE months = 1 AND dimension != 'account' AND value IS NOT NULL
    )
    GROUP BY month, dimension, dimension_value, policy
) AS _c
    ON _a.window_start = _c.month AND _a.dimension = _c.dimension AND _a.dimension_value = _c.dimension_value
    AND _a.policy = _c.policy
