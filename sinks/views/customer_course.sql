/*
comment: >-
  Which account each merged account counts as at the end of every day, of accounts that were ever merged; an account that is not
  listed counts as itself on all days
columns:
  account_id: Account
  course: First day, first day after, in the company's time zone, and the account that it counts as, over all days in order
*/
SELECT
    account_id,
    -- The first one stands there even where it has no day: who is listed under itself was merged at some time.
    arrayPushFront(
        arrayFilter(
            tile -> tupleElement(tile, 1) < tupleElement(tile, 2),
            arrayFlatten(arrayMap(
                (merged, next) -> [merged, (tupleElement(merged, 2), next, account_id)],
                spans,
                arrayPushBack(arrayPopFront(tupleElement(spans, 1)), toDate('2149-06-06'))
            ))
        ),
        (toDate(0), tupleElement(spans[1], 1), account_id)
    ) AS course
FROM
(
    SELECT
        account_id,
        arraySort(groupArray((
            toDate(least(from_at, ${end_of_days}), '${zone}'),
            if(until_at > ${now}, toDate('2149-06-06'), toDate(least(until_at, ${end_of_days}), '${zone}')),
            survivor_id
        ))) AS spans
    FROM ${cx}.account_identity_span
    WHERE from_at <= ${now}
    GROUP BY account_id
)
