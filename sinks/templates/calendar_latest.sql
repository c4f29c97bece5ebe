SELECT
    *,
    row_number() OVER (
        PARTITION BY account_id, person, ${fact_keys}, grain, window_start ORDER BY moment DESC, fact_id DESC
    ) = 1 AS counted
FROM (${scope})
