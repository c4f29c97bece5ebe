SELECT
    _w.account_id AS account_id,
    arrayFilter(
        day -> tupleElement(day, 1) < tupleElement(day, 2),
        arrayMap(
            (stage, next) -> (tupleElement(stage, 1), if(tupleElement(stage, 2) = 1, tupleElement(stage, 1), next)),
            stages,
            -- What is only to be assigned, and nobody has told of, has no stage yet.
            arrayResize(arrayPushBack(arrayPopFront(tupleElement(stages, 1)), toDate('2149-06-06')), length(stages))
        )
    ) AS active,
    _w.spans AS owners
FROM
(
    SELECT
        account_id,
        -- Before it was told of, an account that somebody owns is nobody's former customer.
        arrayMap(
            stage -> (tupleElement(stage, 2), tupleElement(stage, 3)),
            arraySort(arrayFilter(
                stage -> tupleElement(stage, 4) = 1 OR tupleElement(stage, 1) < first_told, groupArray((at, day, is_former, is_told))
            ))
        ) AS stages,
        minIf(at, is_told = 1) AS told_at,
        if(countIf(is_told = 1) = 0, ${end_of_days}, told_at) AS first_told,
        arraySort(arrayFilter(span -> tupleElement(span, 1) < tupleElement(span, 2), groupArrayArray(tiles))) AS spans
    FROM
    (
        SELECT
            account_id,
            valid_from AS at,
            toDate(least(valid_from, ${end_of_days}), '${zone}') AS day,
            toUInt8(lower(argMax(toString(lifecycle), event_id)) IN ('churned', 'former', 'cancelled', 'closed')) AS is_former,
            toUInt8(1) AS is_told,
            CAST([], 'Array(Tuple(Date, Date, String, String, String))') AS tiles
        FROM ${cx}.account_history
        WHERE is_test = 0 AND valid_from <= ${now}
        GROUP BY account_id, valid_from
        UNION ALL
        SELECT
            account_id,
            ifNull(minOrNullIf(from_at, manager_id != ''), ${end_of_days}) AS owned_at,
            toDate(least(owned_at, ${end_of_days}), '${zone}'),
            0,
            0,
            groupArray((
                toDate(least(from_at, ${end_of_days}), '${zone}'),
                if(until_at > ${now}, toDate('2149-06-06'), toDate(least(until_at, ${end_of_days}), '${zone}')),
                manager_id,
                pod_id,
                lead_id
            ))
        FROM ${cx}.portfolio_span
        WHERE from_at <= ${now}
        GROUP BY account_id
    )
    GROUP BY account_id
) AS _w
