/*
comment: >-
  Who is credited with which part of an account's money over time, as one array for each account that a share was ever told of; the
  money of all others goes with who owns them
columns:
  account_id: Account
  spans: >-
    From when, until when, manager, pod, lead, and from which hundredth of a percent to which (0 to 10,000) the part of the manager
    goes, in order of time and from 1970 to the year 2149 without gap; what is nobody's has an empty manager
*/
SELECT
    account_id,
    arrayPushFront(
        arraySort(groupArrayArray(arrayMap(
            part -> (
                at,
                next,
                tupleElement(part, 1),
                tupleElement(part, 2),
                tupleElement(part, 3),
                tupleElement(part, 4),
                tupleElement(part, 5)
            ),
            parts
        ))),
        (toDateTime64(0, 6, 'UTC'), min(at), '', '', '', toInt64(0), toInt64(10000))
    ) AS spans
FROM ${cx}.credit_stage
GROUP BY account_id
