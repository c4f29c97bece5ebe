SELECT
    *,
    toDate(least(moment, ${end_of_days}), '${zone}') AS day,
    arrayJoin([(day, 1, 1), (addDays(day, ${rolling_days}), -1, -1)]) AS change
FROM (${facts})
