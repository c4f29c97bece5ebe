SELECT
    'rolling_90d' AS grain,
    addDays(window_end, -${rolling_days}) AS window_start,
    toDate(last_day + 1) AS window_end,
    ${keys},
    ${counts}
FROM
(
    SELECT
        *,
        toUInt32(toDate(least(moment, ${end_of_days}), '${zone}')) AS first_day,
        arrayJoin(
            range(first_day, least(first_day + ${rolling_days}, toUInt32(toDate(${now}, '${zone}')) + 1))
        ) AS last_day
    FROM (${facts})
)
${array_join}
GROUP BY last_day, ${keys}
