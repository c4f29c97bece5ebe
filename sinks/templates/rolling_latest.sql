SELECT
    *,
    arrayJoin([(day, 1, 1), (until, -1, 0), (addDays(day, ${rolling_days}), 0, -1)]) AS change
FROM
(
    SELECT
        *,
        toDate(least(moment, ${end_of_days}), '${zone}') AS day,
        leadInFrame(day, 1, toDate('2149-06-06')) OVER (
            PARTITION BY ${fact_keys}, account_id, person ORDER BY moment, fact_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS answered_again,
        least(addDays(day, ${rolling_days}), answered_again) AS until
    FROM (${facts})
)
