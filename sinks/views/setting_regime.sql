/*
comment: >-
  What was known of a policy, or of a question's scale, after each event that changed it, in the order in which these became
  known
columns:
  kind: policy or scale
  subject: Name of the policy; of a scale the survey, its version and the question, with slashes between them
  regimes: >-
    For each event when it became known, its id, source, time and whether a load did it; and all that was known from then on:
    from when each value holds, the account that told it, and the value
*/
SELECT
    kind,
    subject,
    arrayMap(
        c -> (
            c,
            arraySort(
                arrayFilter(
                    f -> arraySum(s -> if(tupleElement(s, 2) = f AND tupleElement(s, 1) <= c, tupleElement(s, 3), 0), steps) > 0,
                    facts
                )
            )
        ),
        causes
    ) AS regimes
FROM
(
    SELECT
        toString(metric) AS kind,
        splitByChar('=', item)[1] AS subject,
        arraySort(
            groupArray(
                (
                    (ingested_at, event_id, toString(source), occurred_at, is_load),
                    (window_at, account_id, substring(item, length(subject) + 2)),
                    denominator_micros
                )
            )
        ) AS steps,
        arrayDistinct(tupleElement(steps, 1)) AS causes,
        arraySort(arrayDistinct(tupleElement(steps, 2))) AS facts
    FROM ${cx}.metric_change
    WHERE metric IN ('policy', 'scale')
    GROUP BY kind, subject
)
