SELECT
    'rolling_90d' AS grain,
    addDays(window_end, -${rolling_days}) AS window_start,
    arrayJoin(
        arrayMap(x -> toDate(x), range(toUInt32(from_day) + 1, toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)) + 1))
    ) AS window_end,
    ${keys},
    ${totals}
FROM
(
    SELECT
        ${keys},
        from_day,
        leadInFrame(from_day, 1, from_day) OVER (
            PARTITION BY ${keys} ORDER BY from_day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next_day,
        ${running}
    FROM
    (
        SELECT ${keys}, tupleElement(change, 1) AS from_day, ${counts}
        FROM (${scope})
        ${array_join}
        GROUP BY ${keys}, from_day
    )
)
