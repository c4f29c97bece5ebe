/*
comment: Who owned every account that was ever assigned, as one array of spans for each account
columns:
  account_id: Account
  spans: >-
    From when, until when, manager, pod and lead, in order of time and without gap from 1970 to the year 2149; an empty manager
    while nobody owned it
*/
SELECT
    account_id,
    arrayFilter(
        span -> tupleElement(span, 1) < tupleElement(span, 2),
        -- An assignment lasts until its own end or until the next one begins, whichever comes first.
        arrayPushFront(
            arrayFlatten(arrayMap(
                (owner, next) -> [
                    (
                        tupleElement(owner, 1),
                        least(tupleElement(owner, 2), next),
                        tupleElement(owner, 3),
                        tupleElement(owner, 4),
                        tupleElement(owner, 5)
                    ),
                    (least(tupleElement(owner, 2), next), next, '', '', '')
                ],
                told,
                arrayPushBack(arrayPopFront(tupleElement(told, 1)), ${end_of_days})
            )),
            (toDateTime64(0, 6, 'UTC'), tupleElement(told, 1)[1], '', '', '')
        )
    ) AS spans
FROM
(
    SELECT account_id, arraySort(groupArray((valid_from, ifNull(valid_to, ${end_of_days}), slice, pod_id, lead_id))) AS told
    FROM ${cx}.owner_history
    GROUP BY account_id
)
