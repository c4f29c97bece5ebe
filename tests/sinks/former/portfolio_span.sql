SELECT
    account_id,
    tupleElement(span, 3) AS manager_id,
    tupleElement(span, 4) AS pod_id,
    tupleElement(span, 5) AS lead_id,
    tupleElement(span, 1) AS from_at,
    tupleElement(span, 2) AS until_at
FROM
(
    SELECT
        account_id,
        arraySort(groupArray((valid_from, ifNull(valid_to, ${end_of_days}), slice, pod_id, lead_id))) AS owners,
        -- An assignment lasts until its own end or until the next one begins, whichever comes first.
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
            owners,
            arrayPushBack(arrayPopFront(tupleElement(owners, 1)), ${end_of_days})
        )) AS told,
        arrayJoin(arrayPushFront(told, (toDateTime64(0, 6, 'UTC'), tupleElement(owners, 1)[1], '', '', ''))) AS span
    FROM ${cx}.owner_history
    GROUP BY account_id
)
WHERE from_at < until_at
