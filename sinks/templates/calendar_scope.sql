SELECT
    _f.*,
    _g.grain AS grain,
    toDate(least(moment, ${end_of_days}), '${zone}') AS day,
    multiIf(
        grain = 'day', day,
        grain = 'week', toStartOfWeek(day, ${week_mode}),
        grain = 'month', toStartOfMonth(day),
        toStartOfQuarter(day)
    ) AS window_start
FROM (${facts}) AS _f
CROSS JOIN (SELECT arrayJoin(['day', 'week', 'month', 'quarter']) AS grain) AS _g
