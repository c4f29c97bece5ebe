SELECT
    account_id,
    fact_id,
    arrayJoin([30, 60, 90]) AS horizon_days,
    toDate(least(due_at, ${end_of_days}), '${zone}') AS due_day,
    greatest(due_day - horizon_days, start_day) AS from_day,
    least(due_day, decided_day) AS until_day,
    currency,
    value_before AS value,
    is_auto_renew,
    entities
FROM
(
    SELECT
        *,
        toDate(least(starts_at, ${end_of_days}), '${zone}') AS start_day,
        if(decided_at IS NULL, toDate('2149-01-01'), toDate(least(assumeNotNull(decided_at), ${end_of_days}), '${zone}')) AS decided_day
    FROM ${cx}.renewal_course
)
WHERE from_day < until_day
