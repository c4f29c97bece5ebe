/*
comment: >-
  Accounts by day with who owns them, for portfolios: an account counts from when it is first told of or assigned, and not while
  its lifecycle is that of a former customer (churned, former, cancelled, closed) nor while it counts as another one, whose owner
  it then has
columns:
  account_id: Account
  active: Pairs of first day and first day after, in the company's time zone, in which it counts
  owners: >-
    First day, first day after, manager, pod and lead, as at the end of each day, from which hundredth of a percent of its money to
    which, and 1 for who owns it; empty where nobody ever did
*/
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
                tupleElement(span, 5),
                tupleElement(span, 6),
                tupleElement(span, 7),
                tupleElement(span, 8)
            ),
            if(
                empty(spans),
                [(toDate(0), toDate('2149-06-06'), '', '', '', toInt64(0), toInt64(10000), toUInt8(1))],
                spans
            )
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
