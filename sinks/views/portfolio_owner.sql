/*
comment: Who owned every account that was ever assigned at the end of each day, and who had which part of its money, as one array for each account
columns:
  account_id: Account
  owned_at: From when somebody first owned it, UTC; the year 2149 where that is still to come
  owners: >-
    First day, first day after, manager, pod and lead, as at the end of each day, from which hundredth of a percent of its money to
    which, and 1 for who owns it; where shares were told of, owners stand without money, and who has a part in a row of its own
*/
SELECT
    account_id,
    arrayMin(arrayMap(
        span -> if(tupleElement(span, 3) = '', ${end_of_days}, tupleElement(span, 1)),
        arrayFilter(span -> tupleElement(span, 1) <= ${now} AND tupleElement(span, 8) = 1, spans)
    )) AS owned_at,
    arrayFilter(
        tile -> tupleElement(tile, 1) < tupleElement(tile, 2),
        arrayMap(
            span -> (
                toDate(least(tupleElement(span, 1), ${end_of_days}), '${zone}'),
                if(
                    tupleElement(span, 2) > ${now},
                    toDate('2149-06-06'),
                    toDate(least(tupleElement(span, 2), ${end_of_days}), '${zone}')
                ),
                tupleElement(span, 3),
                tupleElement(span, 4),
                tupleElement(span, 5),
                tupleElement(span, 6),
                tupleElement(span, 7),
                tupleElement(span, 8)
            ),
            arrayFilter(span -> tupleElement(span, 1) <= ${now}, spans)
        )
    ) AS owners
FROM
(
    SELECT
        account_id,
        arrayConcat(
            arrayMap(
                owned -> (
                    tupleElement(owned, 1),
                    tupleElement(owned, 2),
                    tupleElement(owned, 3),
                    tupleElement(owned, 4),
                    tupleElement(owned, 5),
                    toInt64(0),
                    if(empty(parts), toInt64(10000), toInt64(0)),
                    toUInt8(1)
                ),
                -- Who has a part need not own anything.
                if(empty(owned_spans), [(toDateTime64(0, 6, 'UTC'), ${end_of_days}, '', '', '')], owned_spans)
            ),
            arrayMap(
                part -> (
                    tupleElement(part, 1),
                    tupleElement(part, 2),
                    tupleElement(part, 3),
                    tupleElement(part, 4),
                    tupleElement(part, 5),
                    tupleElement(part, 6),
                    tupleElement(part, 7),
                    toUInt8(0)
                ),
                parts
            )
        ) AS spans
    FROM
    (
        SELECT account_id, groupArrayArray(owned) AS owned_spans, groupArrayArray(shared) AS parts
        FROM
        (
            SELECT
                account_id,
                spans AS owned,
                CAST([], 'Array(Tuple(DateTime64(6, \'UTC\'), DateTime64(6, \'UTC\'), String, String, String, Int64, Int64))') AS shared
            FROM ${cx}.portfolio_course
            UNION ALL
            SELECT account_id, [], spans FROM ${cx}.credit_course
        )
        GROUP BY account_id
    )
)
