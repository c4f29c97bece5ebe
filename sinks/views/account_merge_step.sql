/*
comment: >-
  Merges of accounts as they take effect: a merge ends when it was taken apart, unless the survivor had itself been merged on
  by then; without test data
columns:
  account_id: Account that counts as another one
  survivor_id: Account that it was merged into
  from_at: Since when, UTC, inclusive
  until_at: Until when, UTC, exclusive; the year 2149 while no end is known
  event_id: Event of the merge
  refused_by: Event of the end that has no effect; empty where none is refused
  later_id: Account that the survivor was merged into before that end; empty where none is refused
  later_event_id: Event of that later merge
*/
SELECT
    account_id,
    survivor_id,
    from_at,
    if(later_event_id = '', until, next_from) AS until_at,
    event_id,
    if(later_event_id = '', '', ended_event_id) AS refused_by,
    later_id,
    later_event_id
FROM
(
    SELECT
        _a.account_id AS account_id,
        _a.survivor_id AS survivor_id,
        _a.from_at AS from_at,
        _a.until AS until,
        _a.next_from AS next_from,
        _a.event_id AS event_id,
        _a.ended_event_id AS ended_event_id,
        argMinIf(
            _b.survivor_id, _b.from_at,
            _a.is_taken_apart = 1 AND _b.from_at > _a.from_at AND _b.from_at < _a.until AND _b.until > _a.until
        ) AS later_id,
        argMinIf(
            _b.event_id, _b.from_at,
            _a.is_taken_apart = 1 AND _b.from_at > _a.from_at AND _b.from_at < _a.until AND _b.until > _a.until
        ) AS later_event_id
    FROM
    (
        SELECT
            account_id,
            survivor_id,
            from_at,
            ifNull(until_at, ${end_of_days}) AS until,
            leadInFrame(from_at, 1, ${end_of_days}) OVER (
                PARTITION BY account_id ORDER BY ordinal ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
            ) AS next_from,
            event_id,
            ended_event_id,
            toUInt8(until_at IS NOT NULL AND NOT has(flags, 'merged_elsewhere')) AS is_taken_apart
        FROM ${cx}.account_merge
        WHERE is_test = 0 AND NOT has(flags, 'unmerged_without_merge')
    ) AS _a
    LEFT JOIN
    (
        SELECT account_id, survivor_id, from_at, ifNull(until_at, ${end_of_days}) AS until, event_id
        FROM ${cx}.account_merge
        WHERE is_test = 0 AND NOT has(flags, 'unmerged_without_merge')
    ) AS _b ON _a.survivor_id = _b.account_id
    GROUP BY account_id, survivor_id, from_at, until, next_from, event_id, ended_event_id
)
