/*
comment: Balances at the start and the end of every month and quarter by slice, and what was invoiced in between
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  last_day: Last day counted; before the window has ended, today
  dimension: all, account, manager (owner at the end of each day) or segment
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  open_before: Open at the end of the day before the window
  open_after: Open at the end of the last day
  current_after: Of that, not past due
  sales: Invoiced in the window, less what was void in it
  open_on_credit: Open at the end of the last day on invoices that are not charged automatically
  current_on_credit: Of that, not past due
  sales_on_credit: Invoiced in the window on such invoices, less what was void in it
  n: Invoices open at the end of the last day
*/
SELECT
    grain,
    window_start,
    window_end,
    least(addDays(window_end, -1), toDate(${now}, '${zone}')) AS last_day,
    dimension,
    dimension_value,
    currency,
    sumIf(open, day < window_start) AS open_before,
    sumIf(open, day = last_day) AS open_after,
    sumIf(current, day = last_day) AS current_after,
    sumIf(sales_of_day, day >= window_start) AS sales,
    sumIf(open_on_credit_of_day, day = last_day) AS open_on_credit,
    sumIf(current_on_credit_of_day, day = last_day) AS current_on_credit,
    sumIf(sales_on_credit_of_day, day >= window_start) AS sales_on_credit,
    sumIf(open_invoices, day = last_day) AS n
FROM
(
    SELECT
        dimension,
        dimension_value,
        currency,
        day,
        open,
        current,
        open_invoices,
        sales AS sales_of_day,
        open_on_credit AS open_on_credit_of_day,
        current_on_credit AS current_on_credit_of_day,
        sales_on_credit AS sales_on_credit_of_day,
        -- The last day of a window is also the day before the next one.
        arrayJoin(
            arrayFilter(
                w -> tupleElement(w, 2) <= toDate(${now}, '${zone}'),
                arrayDistinct([
                    ('month', toStartOfMonth(day)),
                    ('month', toStartOfMonth(addDays(day, 1))),
                    ('quarter', toStartOfQuarter(day)),
                    ('quarter', toStartOfQuarter(addDays(day, 1)))
                ])
            )
        ) AS window,
        tupleElement(window, 1) AS grain,
        tupleElement(window, 2) AS window_start,
        if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end
    FROM ${cx}.receivable_day
)
GROUP BY grain, window_start, window_end, dimension, dimension_value, currency
