/*
comment: Spans of renewal_due_day with who owned the account and its segment, split where either changes
columns:
  owner: Manager who owned the account at the end of the first day; empty when nobody did
  segment: Segment of the account then; empty when not told
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more
  horizon_days: 30, 60 or 90
  currency: ISO 4217 currency of the value
  value: Value of one year
  is_auto_renew: 1 when it renews itself unless notice is given in time
*/
SELECT
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, owners), 2) AS owner,
    tupleElement(arrayLast(p -> toDate(least(tupleElement(p, 1), ${end_of_days}), '${zone}') <= from_day, segments), 2) AS segment,
    tupleElement(cut, 1) AS from_day,
    tupleElement(cut, 2) AS until_day,
    horizon_days,
    currency,
    value,
    is_auto_renew
FROM
(
    SELECT
        _b.horizon_days AS horizon_days,
        _b.currency AS currency,
        _b.value AS value,
        _b.is_auto_renew AS is_auto_renew,
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
    FROM ${cx}.renewal_due_day AS _b
    LEFT JOIN ${cx}.account_slice AS _h ON _b.account_id = _h.account_id
)
