/*
comment: What every account owed at the end of every day, by days past due, and what it was invoiced that day
columns:
  account_id: Account
  currency: ISO 4217 currency of the amounts
  day: Day, in the company's time zone; without a row where nothing was owed or invoiced, but for the last of a month
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
    account_id,
    currency,
    arrayJoin(
        arrayMap(
            each -> toDate(each),
            range(toUInt32(change_day), greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day)))
        )
    ) AS day,
    total_1 AS open_invoices,
    total_2 AS open,
    total_3 AS overdue_invoices,
    total_4 AS current,
    total_5 AS past_1_30,
    total_6 AS past_31_60,
    total_7 AS past_61_90,
    total_8 AS past_over_90,
    total_9 AS disputed,
    total_10 AS open_on_credit,
    total_11 AS current_on_credit,
    if(day = change_day, day_sales, toDecimal128(0, 6)) AS sales,
    if(day = change_day, day_sales_on_credit, toDecimal128(0, 6)) AS sales_on_credit
FROM
(
    SELECT
        account_id,
        currency,
        change_day,
        day_sales,
        day_sales_on_credit,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(change_1) OVER so_far AS total_1,
        sum(change_2) OVER so_far AS total_2,
        sum(change_3) OVER so_far AS total_3,
        sum(change_4) OVER so_far AS total_4,
        sum(change_5) OVER so_far AS total_5,
        sum(change_6) OVER so_far AS total_6,
        sum(change_7) OVER so_far AS total_7,
        sum(change_8) OVER so_far AS total_8,
        sum(change_9) OVER so_far AS total_9,
        sum(change_10) OVER so_far AS total_10,
        sum(change_11) OVER so_far AS total_11
    FROM
    (
        SELECT
            account_id,
            currency,
            change_day,
            toInt64(sum(sign)) AS change_1,
            sum(amount * sign) AS change_2,
            toInt64(sumIf(sign, bucket > 1)) AS change_3,
            sumIf(amount * sign, bucket = 1) AS change_4,
            sumIf(amount * sign, bucket = 2) AS change_5,
            sumIf(amount * sign, bucket = 3) AS change_6,
            sumIf(amount * sign, bucket = 4) AS change_7,
            sumIf(amount * sign, bucket = 5) AS change_8,
            sumIf(amount * sign, is_disputed = 1) AS change_9,
            sumIf(amount * sign, is_on_credit = 1) AS change_10,
            sumIf(amount * sign, is_on_credit = 1 AND bucket = 1) AS change_11,
            sum(invoiced) AS day_sales,
            sumIf(invoiced, is_on_credit = 1) AS day_sales_on_credit
        FROM
        (
            SELECT
                account_id,
                currency,
                is_on_credit,
                is_disputed,
                amount,
                toDecimal128(0, 6) AS invoiced,
                tupleElement(edge, 1) AS change_day,
                tupleElement(edge, 2) AS bucket,
                tupleElement(edge, 3) AS sign
            FROM
            (
                SELECT
                    account_id,
                    currency,
                    is_on_credit,
                    is_disputed,
                    amount,
                    arrayJoin(
                        arrayFlatten(
                            arrayMap(
                                (starts, ends, bucket) -> if(
                                    greatest(starts, from_day) < least(ends, until_day),
                                    [(greatest(starts, from_day), bucket, 1), (least(ends, until_day), bucket, -1)],
                                    []
                                ),
                                [toDate(0), due_day + 1, due_day + 31, due_day + 61, due_day + 91],
                                [due_day + 1, due_day + 31, due_day + 61, due_day + 91, toDate('2149-06-06')],
                                [1, 2, 3, 4, 5]
                            )
                        )
                    ) AS edge
                FROM ${cx}.receivable_span
            )
            UNION ALL
            SELECT
                account_id,
                currency,
                is_on_credit,
                0,
                toDecimal128(0, 6),
                invoiced,
                day,
                0,
                0
            FROM ${cx}.invoiced_day
        )
        GROUP BY account_id, currency, change_day
    )
    WINDOW
        so_far AS (PARTITION BY account_id, currency ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (
            PARTITION BY account_id, currency ORDER BY change_day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
WHERE open_invoices != 0 OR sales != 0 OR sales_on_credit != 0 OR day = toLastDayOfMonth(day)
