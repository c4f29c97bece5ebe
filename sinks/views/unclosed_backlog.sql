/*
comment: Tickets not closed once at the end of every day, solved or not, for desks that end work by closing
columns:
  day: Day, in the company's time zone
  dimension: all or account
  dimension_value: Slice; empty for all
  value: Tickets opened by then that had not been closed once
  is_final: 1 when the day has ended
*/
SELECT
    arrayJoin(
        arrayMap(
            each -> toDate(each),
            range(
                toUInt32(change_day),
                greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day))
            )
        )
    ) AS day,
    dimension,
    dimension_value,
    total AS value,
    toUInt8(day < toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        dimension,
        dimension_value,
        change_day,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(change) OVER so_far AS total
    FROM
    (
        SELECT
            _d.dimension AS dimension,
            if(dimension = 'account', _e.account_id, '') AS dimension_value,
            tupleElement(_e.edge, 1) AS change_day,
            sum(tupleElement(_e.edge, 2)) AS change
        FROM
        (
            SELECT
                account_id,
                arrayJoin([
                    (toDate(least(from_at, ${end_of_days}), '${zone}'), toInt64(1)),
                    (toDate(least(until_at, ${end_of_days}), '${zone}'), toInt64(-1))
                ]) AS edge
            FROM ${cx}.unclosed_ticket
            WHERE until_at > from_at
        ) AS _e
        CROSS JOIN (SELECT arrayJoin(['all', 'account']) AS dimension) AS _d
        GROUP BY dimension, dimension_value, change_day
    )
    WINDOW
        so_far AS (PARTITION BY dimension, dimension_value ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (
            PARTITION BY dimension, dimension_value ORDER BY change_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
WHERE total != 0
