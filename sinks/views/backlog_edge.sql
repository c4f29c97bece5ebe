/*
comment: Days on which tickets enter and leave the backlog or grow older in it, by slice
columns:
  dimension: all, account, priority (then), assignee (then), manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  day: First day at whose end it is so, in the company's time zone
  bucket: "Age: 1 opened that day, 2 to 3 days, 3 to 7 days, 4 to 30 days, 5 older"
  change: Tickets that enter the age on that day, less those that leave it
  opened_days: Sum of the days since 1970 on which those were opened, signed as they are
*/
SELECT
    dimension,
    dimension_value,
    tupleElement(edge, 1) AS day,
    tupleElement(edge, 2) AS bucket,
    sum(tickets * tupleElement(edge, 3)) AS change,
    sum(tickets * tupleElement(edge, 3) * toInt64(opened_day)) AS opened_days
FROM
(
    SELECT
        dimension,
        dimension_value,
        tickets,
        opened_day,
        arrayJoin(
            arrayFlatten(
                arrayMap(
                    (starts, ends, bucket) -> if(
                        greatest(starts, from_day) < least(ends, until_day),
                        [
                            (greatest(starts, from_day), bucket, toInt64(1)),
                            (least(ends, until_day), bucket, toInt64(-1))
                        ],
                        []
                    ),
                    [opened_day, opened_day + 1, opened_day + 4, opened_day + 8, opened_day + 31],
                    [opened_day + 1, opened_day + 4, opened_day + 8, opened_day + 31, toDate('2149-06-06')],
                    [1, 2, 3, 4, 5]
                )
            )
        ) AS edge
    FROM
    (
        -- Most tickets share their days with others: few rows are left before any is spread over ages. What tells the
        -- branches apart is constant in each, so that a filter leaves the others unread.
        SELECT
            'all' AS dimension,
            '' AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_day
        GROUP BY dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            'account' AS dimension,
            account_id AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_day
        GROUP BY dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            'priority' AS dimension,
            priority AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_day
        GROUP BY dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            'assignee' AS dimension,
            assignee_id AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_day
        GROUP BY dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            'manager' AS dimension,
            owner AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_slice
        GROUP BY dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            'segment' AS dimension,
            segment AS dimension_value,
            from_day,
            until_day,
            opened_day,
            toInt64(count()) AS tickets
        FROM ${cx}.backlog_slice
        GROUP BY dimension_value, from_day, until_day, opened_day
    )
)
GROUP BY dimension, dimension_value, day, bucket
