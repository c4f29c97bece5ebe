/*
comment: What was owed at the end of every day by slice and days past due, and what was invoiced that day
columns:
  day: Day, in the company's time zone; without a row where nothing was owed or invoiced, but for the last of a month
  dimension: all, account, manager (owner at the end of the day) or segment (at the end of the day)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: ISO 4217 currency of the amounts
  open_invoices: Invoices with something open
  open: Open balance
  overdue_invoices: Of these, past due
  current: Not past due (the due day itself included)
  past_1_30: 1 to 30 days past due
  past_31_60: 31 to 60 days past due
  past_61_90: 61 to 90 days past due
  past_over_90: More than 90 days past due
  disputed: Open and in dispute
  open_on_credit: Open on invoices that are not charged automatically
  current_on_credit: Of that, not past due
  sales: Invoiced that day, less what was void that day
  sales_on_credit: Of that, on invoices that are not charged automatically
*/
SELECT
    day,
    slice.1 AS dimension,
    slice.2 AS dimension_value,
    currency,
    sum(a.open_invoices) AS open_invoices,
    sum(a.open) AS open,
    sum(a.overdue_invoices) AS overdue_invoices,
    sum(a.current) AS current,
    sum(a.past_1_30) AS past_1_30,
    sum(a.past_31_60) AS past_31_60,
    sum(a.past_61_90) AS past_61_90,
    sum(a.past_over_90) AS past_over_90,
    sum(a.disputed) AS disputed,
    sum(a.open_on_credit) AS open_on_credit,
    sum(a.current_on_credit) AS current_on_credit,
    sum(a.sales) AS sales,
    sum(a.sales_on_credit) AS sales_on_credit
FROM
(
    SELECT
        b.*,
        arrayJoin([('all', ''), ('account', b.account_id), ('manager', owner), ('segment', ifNull(s.slice, ''))]) AS slice
    FROM
    (
        SELECT c.*, if(o.valid_to IS NULL OR c.moment < o.valid_to, ifNull(o.slice, ''), '') AS owner
        FROM
        (
            SELECT *, toDateTime64(addDays(day, 1), 6, '${zone}') - toIntervalMicrosecond(1) AS moment
            FROM ${cx}.receivable_account_day
        ) AS c
        ASOF LEFT JOIN ${cx}.owner_history AS o ON c.account_id = o.account_id AND c.moment >= o.valid_from
    ) AS b
    ASOF LEFT JOIN ${cx}.segment_history AS s ON b.account_id = s.account_id AND b.moment >= s.valid_from
) AS a
GROUP BY day, dimension, dimension_value, currency
