/*
comment: Spans of backlog_day with who owned the account and its segment, split where either changes
columns:
  owner: Manager who owned the account at the end of the first day; empty when nobody did
  segment: Segment of the account then; empty when not told
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more
  opened_day: Day on which the ticket began
*/
SELECT
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, owners), 2) AS owner,
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, segments), 2) AS segment,
    tupleElement(cut, 1) AS from_day,
    tupleElement(cut, 2) AS until_day,
    opened_day
FROM
(
    SELECT
        _b.opened_day AS opened_day,
        _h.owners AS owners,
        _h.segments AS segments,
        arrayConcat(
            [_b.from_day],
            arraySort(arrayDistinct(arrayFilter(
                day -> day > _b.from_day AND day < _b.until_day,
                arrayMap(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}'), arrayConcat(_h.owners, _h.segments))
            )))
        ) AS cuts,
        arrayJoin(arrayZip(cuts, arrayPushBack(arrayPopFront(cuts), _b.until_day))) AS cut
    FROM ${cx}.backlog_day AS _b
    LEFT JOIN ${cx}.account_slice AS _h ON _b.account_id = _h.account_id
)
