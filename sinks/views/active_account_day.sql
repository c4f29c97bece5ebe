/*
comment: >-
  Accounts from the day on which they are first known; a day of a lifecycle of former customers (churned, former,
  cancelled, closed) does not count
columns:
  account_id: Account
  from_day: First day, in the company's time zone
  until_day: First day after, in the company's time zone; 2149-06-06 while it lasts
  owner: Manager who owned the account at the end of the first day; empty when nobody did
  segment: Segment of the account then; empty when not told
*/
SELECT
    account_id,
    tupleElement(span, 1) AS from_day,
    tupleElement(span, 2) AS until_day,
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, owners), 2) AS owner,
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, segments), 2) AS segment
FROM
(
    SELECT
        _a.account_id AS account_id,
        _h.owners AS owners,
        _h.segments AS segments,
        arraySort(arrayDistinct(arrayConcat(
            tupleElement(_a.stages, 1),
            arrayFilter(
                day -> day > tupleElement(_a.stages, 1)[1],
                arrayMap(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}'), arrayConcat(_h.owners, _h.segments))
            )
        ))) AS days,
        arrayJoin(
            arrayFilter(
                each -> lower(tupleElement(arrayLast(stage -> tupleElement(stage, 1) <= tupleElement(each, 1), _a.stages), 2))
                    NOT IN ('churned', 'former', 'cancelled', 'closed'),
                arrayZip(days, arrayPushBack(arrayPopFront(days), toDate('2149-06-06')))
            )
        ) AS span
    FROM
    (
        SELECT account_id, arraySort(groupArray((toDate(least(valid_from, ${end_of_days}), '${zone}'), stage))) AS stages
        FROM
        (
            SELECT account_id, valid_from, argMax(toString(lifecycle), event_id) AS stage
            FROM ${cx}.account_history
            WHERE is_test = 0
            GROUP BY account_id, valid_from
        )
        GROUP BY account_id
    ) AS _a
    LEFT JOIN ${cx}.account_slice AS _h ON _a.account_id = _h.account_id
)
