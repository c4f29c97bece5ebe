/*
comment: Who owned every account that was ever assigned at the end of each day, as one array for each account
columns:
  account_id: Account
  owned_at: From when somebody first owned it, UTC; the year 2149 where that is still to come
  owners: First day, first day after, manager, pod and lead, as at the end of each day; empty where nobody did
*/
SELECT
    account_id,
    arrayMin(arrayMap(
        span -> if(tupleElement(span, 3) = '', ${end_of_days}, tupleElement(span, 1)),
        arrayFilter(span -> tupleElement(span, 1) <= ${now}, spans)
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
                tupleElement(span, 5)
            ),
            arrayFilter(span -> tupleElement(span, 1) <= ${now}, spans)
        )
    ) AS owners
FROM ${cx}.portfolio_course
