/*
comment: Owners and segments of every account over time as arrays, for spans that are split where either changes
columns:
  account_id: Account
  owners: Pairs of moment and manager in order of time; an empty manager where an assignment ends without another
  segments: Pairs of moment and segment in order of time
  course: Moment, manager and segment from then on, wherever one of them changes, in order of time
*/
SELECT
    account_id,
    arraySort(groupArrayIf((valid_from, slice), what = 'owner')) AS owners,
    arraySort(groupArrayIf((valid_from, slice), what = 'segment')) AS segments,
    arrayMap(
        at -> (
            at,
            tupleElement(arrayLast(p -> tupleElement(p, 1) <= at, owners), 2),
            tupleElement(arrayLast(p -> tupleElement(p, 1) <= at, segments), 2)
        ),
        arraySort(groupUniqArray(valid_from))
    ) AS course
FROM
(
    SELECT account_id, valid_from, slice, 'owner' AS what FROM ${cx}.owner_history
    UNION ALL
    SELECT account_id, assumeNotNull(until), '', 'owner'
    FROM
    (
        SELECT
            account_id,
            valid_to AS until,
            leadInFrame(toNullable(valid_from)) OVER (
                PARTITION BY account_id ORDER BY valid_from ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS next
        FROM ${cx}.owner_history
    )
    WHERE until IS NOT NULL AND (next IS NULL OR next > until)
    UNION ALL
    SELECT account_id, valid_from, slice, 'segment' FROM ${cx}.segment_history
)
GROUP BY account_id
