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
    _slice.1 AS dimension,
    _slice.2 AS dimension_value,
    currency,
    sum(_a.open_invoices) AS open_invoices,
    sum(_a.open) AS open,
    sum(_a.overdue_invoices) AS overdue_invoices,
    sum(_a.current) AS current,
    sum(_a.past_1_30) AS past_1_30,
    sum(_a.past_31_60) AS past_31_60,
    sum(_a.past_61_90) AS past_61_90,
    sum(_a.past_over_90) AS past_over_90,
    sum(_a.disputed) AS disputed,
    sum(_a.open_on_credit) AS open_on_credit,
    sum(_a.current_on_credit) AS current_on_credit,
    sum(_a.sales) AS sales,
    sum(_a.sales_on_credit) AS sales_on_credit
FROM
(
    SELECT
        _b.*,
        arrayJoin([('all', ''), ('account', _b.account_id), ('manager', owner), ('segment', ifNull(_s.slice, ''))]) AS _slice
    FROM
    (
        SELECT _c.*, if(_o.valid_to IS NULL OR _c.moment < _o.valid_to, ifNull(_o.slice, ''), '') AS owner
        FROM
        (
            SELECT *, toDateTime64(addDays(day, 1), 6, '${zone}') - toIntervalMicrosecond(1) AS moment
            FROM ${cx}.receivable_account_day
        ) AS _c
        ASOF LEFT JOIN ${cx}.owner_history AS _o ON _c.account_id = _o.account_id AND _c.moment >= _o.valid_from
    ) AS _b
    ASOF LEFT JOIN ${cx}.segment_history AS _s ON _b.account_id = _s.account_id AND _b.moment >= _s.valid_from
) AS _a
GROUP BY day, dimension, dimension_value, currency
