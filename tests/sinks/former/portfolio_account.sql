SELECT
    tupleElement(tile, 1) AS account_id,
    arrayFilter(
        day -> tupleElement(day, 1) < tupleElement(day, 2),
        groupArrayArray(arrayMap(
            day -> (greatest(tupleElement(day, 1), tupleElement(tile, 2)), least(tupleElement(day, 2), tupleElement(tile, 3))),
            if(tupleElement(tile, 1) = customer_id, days, [])
        ))
    ) AS active,
    arraySort(arrayFilter(
        span -> tupleElement(span, 1) < tupleElement(span, 2),
        groupArrayArray(arrayMap(
            span -> (
                greatest(tupleElement(span, 1), tupleElement(tile, 2)),
                least(tupleElement(span, 2), tupleElement(tile, 3)),
                tupleElement(span, 3),
                tupleElement(span, 4),
                tupleElement(span, 5)
            ),
            if(empty(spans), [(toDate(0), toDate('2149-06-06'), '', '', '')], spans)
        ))
    )) AS owners
FROM
(
    SELECT
        customer_id,
        groupArrayArray(told_days) AS days,
        groupArrayArray(told_spans) AS spans,
        groupArrayArray(tiles) AS held,
        -- Who is not listed under itself was never merged, and counts as itself on all days.
        if(
            arrayExists(each -> tupleElement(each, 1) = customer_id, held),
            held,
            arrayPushBack(held, (customer_id, toDate(0), toDate('2149-06-06')))
        ) AS whole
    FROM
    (
        SELECT
            account_id AS customer_id,
            active AS told_days,
            owners AS told_spans,
            CAST([], 'Array(Tuple(String, Date, Date))') AS tiles
        FROM ${cx}.portfolio_told
        UNION ALL
        SELECT
            tupleElement(each, 3),
            [],
            [],
            [(account_id, tupleElement(each, 1), tupleElement(each, 2))]
        FROM ${cx}.customer_course
        ARRAY JOIN course AS each
    )
    GROUP BY customer_id
)
ARRAY JOIN whole AS tile
GROUP BY account_id
