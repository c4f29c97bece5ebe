/*
comment: >-
  Accounts by day with who owns them, each by itself, whatever it was merged into: an account counts from when it is first told of
  or assigned, and not while its lifecycle is that of a former customer (churned, former, cancelled, closed)
columns:
  account_id: Account
  active: Pairs of first day and first day after, in the company's time zone, in which it counts
  owners: >-
    First day, first day after, manager, pod and lead, as at the end of each day, from which hundredth of a percent of its money to
    which, and 1 for who owns it; empty where nobody ever did
*/
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
        groupArrayArray(tiles) AS spans
    FROM
    (
        SELECT
            account_id,
            valid_from AS at,
            toDate(least(valid_from, ${end_of_days}), '${zone}') AS day,
            toUInt8(lower(argMax(toString(lifecycle), event_id)) IN ('churned', 'former', 'cancelled', 'closed')) AS is_former,
            toUInt8(1) AS is_told,
            CAST([], 'Array(Tuple(Date, Date, String, String, String, Int64, Int64, UInt8))') AS tiles
        FROM ${cx}.account_history
        WHERE is_test = 0 AND valid_from <= ${now}
        GROUP BY account_id, valid_from
        UNION ALL
        SELECT account_id, owned_at, toDate(least(owned_at, ${end_of_days}), '${zone}'), 0, 0, owners
        FROM ${cx}.portfolio_owner
    )
    GROUP BY account_id
) AS _w
