/*
comment: >-
  Which account each merged account counts as, over time and over merges of merges; an account counts as itself at all times that
  are not listed, and where its merges go in a ring. A key that was linked to an account counts as it at all times
columns:
  account_id: Account
  survivor_id: Account that it counts as
  from_at: Since when, UTC, inclusive
  until_at: Until when, UTC, exclusive; the year 2149 while no end is known
  merges: How many merges lead there
  problem: ring where its merges come back, or go on for more than 32 steps; empty otherwise
*/
SELECT
    account_id,
    if(is_ring, account_id, tupleElement(deepest, 2)) AS survivor_id,
    tupleElement(cut, 1) AS from_at,
    tupleElement(cut, 2) AS until_at,
    toUInt32(if(is_ring, 0, tupleElement(deepest, 1))) AS merges,
    if(is_ring, 'ring', '') AS problem
FROM
(
    SELECT
        account_id,
        cut,
        arrayMax(arrayFilter(
            step -> tupleElement(step, 3) <= tupleElement(cut, 1) AND tupleElement(step, 4) > tupleElement(cut, 1), steps
        )) AS deepest,
        tupleElement(deepest, 2) = account_id OR tupleElement(deepest, 1) = 33 AS is_ring
    FROM
    (
        SELECT
            account_id,
            groupArray((step_no, here, since, until)) AS steps,
            arraySort(arrayDistinct(arrayConcat(groupArray(since), groupArray(until)))) AS cuts,
            arrayJoin(arrayZip(arrayPopBack(cuts), arrayPopFront(cuts))) AS cut
        FROM
        (
            WITH RECURSIVE
                _merge AS
                (
                    SELECT account_id, survivor_id, from_at, until_at
                    FROM ${cx}.account_merge_step
                    WHERE from_at < until_at
                    UNION ALL
                    SELECT account_id, survivor_id, toDateTime64(0, 6, 'UTC'), ${end_of_days}
                    FROM ${cx}.linked_account
                ),
                _chain AS
                (
                    SELECT account_id, survivor_id AS here, from_at AS since, until_at AS until, toUInt32(1) AS step_no
                    FROM _merge
                    UNION ALL
                    SELECT
                        _c.account_id,
                        _m.survivor_id,
                        greatest(_c.since, _m.from_at),
                        least(_c.until, _m.until_at),
                        _c.step_no + 1
                    FROM _chain AS _c
                    INNER JOIN _merge AS _m ON _c.here = _m.account_id
                    WHERE _c.step_no < 33 AND _c.here != _c.account_id
                        AND _m.from_at < _c.until AND _m.until_at > _c.since
                )
            SELECT account_id, here, since, until, step_no FROM _chain
        )
        GROUP BY account_id
    )
    WHERE arrayExists(
        step -> tupleElement(step, 3) <= tupleElement(cut, 1) AND tupleElement(step, 4) > tupleElement(cut, 1), steps
    )
)
