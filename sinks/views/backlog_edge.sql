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
        -- Most tickets share their days with others: far fewer rows are left before any is spread over ages.
        SELECT
            _d.dimension AS dimension,
            multiIf(
                dimension = 'account', _s.account_id,
                dimension = 'priority', _s.priority,
                dimension = 'assignee', _s.assignee_id,
                ''
            ) AS dimension_value,
            _s.from_day AS from_day,
            _s.until_day AS until_day,
            _s.opened_day AS opened_day,
            toInt64(count()) AS tickets
        FROM
        (
            SELECT
                account_id,
                toString(priority) AS priority,
                assignee_id,
                toDate(from_at, '${zone}') AS from_day,
                toDate(ifNull(until_at, toDateTime64('2149-01-01 00:00:00', 6, 'UTC')), '${zone}') AS until_day,
                toDate(opened_at, '${zone}') AS opened_day
            FROM ${cx}.ticket_span
            WHERE is_backlog = 1 AND is_test = 0 AND from_day < until_day
        ) AS _s
        CROSS JOIN (SELECT arrayJoin(['all', 'account', 'priority', 'assignee']) AS dimension) AS _d
        GROUP BY dimension, dimension_value, from_day, until_day, opened_day
        UNION ALL
        SELECT
            _d.dimension AS dimension,
            if(dimension = 'manager', _s.owner, _s.segment) AS dimension_value,
            _s.from_day AS from_day,
            _s.until_day AS until_day,
            _s.opened_day AS opened_day,
            toInt64(count()) AS tickets
        FROM
        (
            SELECT
                opened_day,
                tupleElement(cut, 1) AS from_day,
                tupleElement(cut, 2) AS until_day,
                tupleElement(arrayLast(p -> toDate(tupleElement(p, 1), '${zone}') <= from_day, owners), 2) AS owner,
                tupleElement(arrayLast(p -> toDate(tupleElement(p, 1), '${zone}') <= from_day, segments), 2) AS segment
            FROM
            (
                SELECT
                    _b.opened_day AS opened_day,
                    _h.owners AS owners,
                    _h.segments AS segments,
                    arrayConcat(
                        [_b.first_day],
                        arraySort(arrayDistinct(arrayFilter(
                            day -> day > _b.first_day AND day < _b.last_day,
                            arrayMap(p -> toDate(tupleElement(p, 1), '${zone}'), arrayConcat(_h.owners, _h.segments))
                        )))
                    ) AS cuts,
                    arrayJoin(arrayZip(cuts, arrayPushBack(arrayPopFront(cuts), _b.last_day))) AS cut
                FROM
                (
                    SELECT
                        account_id,
                        toDate(from_at, '${zone}') AS first_day,
                        toDate(ifNull(until_at, toDateTime64('2149-01-01 00:00:00', 6, 'UTC')), '${zone}') AS last_day,
                        toDate(opened_at, '${zone}') AS opened_day
                    FROM ${cx}.ticket_span
                    WHERE is_backlog = 1 AND is_test = 0 AND first_day < last_day
                ) AS _b
                LEFT JOIN ${cx}.account_slice AS _h ON _b.account_id = _h.account_id
            )
        ) AS _s
        CROSS JOIN (SELECT arrayJoin(['manager', 'segment']) AS dimension) AS _d
        GROUP BY dimension, dimension_value, from_day, until_day, opened_day
    )
)
GROUP BY dimension, dimension_value, day, bucket
