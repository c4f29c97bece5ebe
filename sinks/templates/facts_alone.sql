SELECT
    * EXCEPT (grain, window_start, dimension, dimension_value),
    ${counts}
FROM (${scope})
GROUP BY ALL
