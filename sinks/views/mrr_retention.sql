/*
comment: Cohorts of accounts by the month of their first revenue, and what is left of them month by month
columns:
  cohort: First day of the month in which they first paid, in the company's time zone
  month_no: Months since then; 0 is the month itself
  month: First day of the month that the row is about
  dimension: all, manager, segment, plan or product_line (the account's main one), at the end of its first month
  dimension_value: Slice; empty for all, and for accounts that belong to none
  policy: MRR policy
  denominator: Accounts of the cohort that had revenue at the end of its first month
  numerator: Those that have revenue at the end of this month
  value: The same in percent
  ci_low: Lower bound of its 95 % interval
  ci_high: Upper bound of its 95 % interval
  revenue: Their revenue at the end of this month, in the reporting currency
  revenue_retention: The same in percent of that at the end of the cohort's first month
  is_final: 1 when the month has ended; see also restatement_log
metric:
  title: Retention by cohort
  formula: 100 * accounts with revenue at the end of the month / accounts with revenue at the end of the cohort's first month
  unit: percent
  numerator: accounts of the cohort with revenue at the end of the month
  denominator: accounts of the cohort with revenue at the end of its first month
  interval: Wilson, 95 %
  source: cohort form as in ChartMogul's retention tables
  edge_cases: >-
    Accounts that left in the month in which they came are in no cohort. Who returns is retained again. A paused account is
    not retained while it is paused. Its plan and product line are those that brought most of its revenue.
  version: 1
*/
SELECT
    cohort,
    toUInt32(dateDiff('month', cohort, month)) AS month_no,
    month,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    policy,
    toInt64(count()) AS denominator,
    toInt64(countIf(closing > 0)) AS numerator,
    if(denominator = 0, NULL, 100 * numerator / denominator) AS value,
    ${wilson_low} AS ci_low,
    ${wilson_high} AS ci_high,
    toDecimal128(intDiv(sum(closing), 1000000), 6) / 1000000 AS revenue,
    if(sum(at_first) = 0, NULL, 100 * toFloat64(sum(closing)) / toFloat64(sum(at_first))) AS revenue_retention,
    toUInt8(addMonths(month, 1) <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        _n.*,
        if(_o.valid_to IS NULL OR joined_by < _o.valid_to, ifNull(_o.slice, ''), '') AS owner,
        arrayJoin([
            ('all', ''), ('manager', owner), ('segment', segment), ('plan', first_plan), ('product_line', first_line)
        ]) AS slice
    FROM
    (
        SELECT _m.*, ifNull(_s.slice, '') AS segment
        FROM
        (
            SELECT
                *,
                min(month) OVER everything AS cohort,
                argMin(closing, month) OVER everything AS at_first,
                argMin(plan_id, month) OVER everything AS first_plan,
                argMin(product_line, month) OVER everything AS first_line,
                toDateTime64(addMonths(cohort, 1), 6, '${zone}') AS joined_by
            FROM ${cx}.mrr_account_month
            WINDOW everything AS (
                PARTITION BY account_id, policy ORDER BY month
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            )
        ) AS _m
        ASOF LEFT JOIN ${cx}.segment_history AS _s ON _m.account_id = _s.account_id AND _m.joined_by >= _s.valid_from
        WHERE _m.at_first > 0
    ) AS _n
    ASOF LEFT JOIN ${cx}.owner_history AS _o ON _n.account_id = _o.account_id AND _n.joined_by >= _o.valid_from
)
GROUP BY cohort, month, slice, policy
