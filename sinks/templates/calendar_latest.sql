SELECT grain, window_start, ${fact_keys}, ${unpacked}, answers
FROM
(
    SELECT grain, window_start, ${fact_keys}, argMax(${packed}, (moment, fact_id)) AS latest, count() AS answers
    FROM (${scope})
    GROUP BY grain, window_start, ${fact_keys}, account_id, person
)
