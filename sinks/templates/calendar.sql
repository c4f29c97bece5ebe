SELECT
    grain,
    window_start,
    multiIf(
        grain = 'day', addDays(window_start, 1),
        grain = 'week', addDays(window_start, 7),
        grain = 'month', addMonths(window_start, 1),
        addMonths(window_start, 3)
    ) AS window_end,
    ${keys},
    ${counts}
FROM (${scope})
${array_join}
GROUP BY grain, window_start, ${keys}
