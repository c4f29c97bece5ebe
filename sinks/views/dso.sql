/*
comment: Days sales outstanding in three forms, by month, quarter and for the 90 days that end with each day
columns:
  grain: month, quarter, or rolling_90d for the 90 days that end with the window
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner at the end of each day) or segment
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  value: Days sales outstanding; NULL when there were no sales
  numerator: Open balance at the end of the window
  denominator: Sales on credit in the window
  days: Days of the window
  best_possible: The same of what is not past due; NULL when there were no sales
  delinquent: Days that overdue balances add, value less best_possible
  countback: >-
    Days of sales, month by month backwards, that make up the balance; NULL but for months, and where the sales of two
    years do not reach it
  is_final: 1 when the window has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Days sales outstanding
  formula: balance at the end / sales on credit in the window * days of the window
  unit: days
  numerator: open balance at the end of the window
  denominator: sales on credit in the window
  interval: none
  source: CBS and Oracle JD Edwards; countback after capaid
  edge_cases: >-
    NULL when sales are zero or below. Invoices that are charged automatically are no sales on credit and stand in
    neither figure; nor do credit invoices and what was paid before the issue. A void takes its sale back. Seasonal
    business reads countback. A window that has not ended counts its days so far.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    currency,
    if(denominator > 0, toNullable(toFloat64(numerator) / toFloat64(denominator) * days), NULL) AS value,
    balance AS numerator,
    sold AS denominator,
    days,
    if(denominator > 0, toNullable(toFloat64(not_due) / toFloat64(denominator) * days), NULL) AS best_possible,
    value - best_possible AS delinquent,
    if(grain = 'month' AND tupleElement(back, 1) <= 0, toNullable(tupleElement(back, 2)), NULL) AS countback,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        *,
        -- (balance left, days counted): a month counts in full, or in proportion where its sales exceed what is left.
        arrayFold(
            (found, month) -> (
                greatest(tupleElement(found, 1) - tupleElement(month, 2), 0),
                tupleElement(found, 2) + tupleElement(month, 1) * if(
                    tupleElement(found, 1) >= tupleElement(month, 2),
                    toFloat64(tupleElement(found, 1) > 0),
                    tupleElement(found, 1) / tupleElement(month, 2)
                )
            ),
            arrayReverse(months),
            (toFloat64(balance), toFloat64(0))
        ) AS back,
        groupArrayIf((toFloat64(days), greatest(toFloat64(sold), 0)), grain = 'month') OVER (
            PARTITION BY grain, dimension, dimension_value, currency ORDER BY window_start
            ROWS BETWEEN 23 PRECEDING AND CURRENT ROW
        ) AS months
    FROM
    (
        SELECT
            tupleElement(window, 1) AS grain,
            tupleElement(window, 2) AS window_start,
            tupleElement(window, 3) AS window_end,
            dimension,
            dimension_value,
            currency,
            balance,
            not_due,
            tupleElement(window, 4) AS sold,
            toInt64(day - window_start + 1) AS days
        FROM
        (
            SELECT
                dimension,
                dimension_value,
                currency,
                day,
                open_on_credit AS balance,
                current_on_credit AS not_due,
                day = toDate(${now}, '${zone}') AS is_today,
                toStartOfMonth(day) AS month,
                toStartOfQuarter(day) AS quarter,
                sum(sales_on_credit) OVER (
                    PARTITION BY dimension, dimension_value, currency ORDER BY day RANGE BETWEEN 89 PRECEDING AND CURRENT ROW
                ) AS sold_in_90_days,
                sum(sales_on_credit) OVER (PARTITION BY dimension, dimension_value, currency, month ORDER BY day) AS sold_in_month,
                sum(sales_on_credit) OVER (PARTITION BY dimension, dimension_value, currency, quarter ORDER BY day) AS sold_in_quarter,
                arrayJoin(
                    arrayFilter(
                        w -> tupleElement(w, 1) = 'rolling_90d' OR is_today OR tupleElement(w, 3) = addDays(day, 1),
                        [
                            ('rolling_90d', addDays(day, -89), addDays(day, 1), sold_in_90_days),
                            ('month', month, addMonths(month, 1), sold_in_month),
                            ('quarter', quarter, addMonths(quarter, 3), sold_in_quarter)
                        ]
                    )
                ) AS window
            FROM ${cx}.receivable_day
        )
    )
)
WHERE numerator != 0 OR denominator != 0
