/*
comment: The item that each feedback item counts as, after all merges
columns:
  item_id: Feedback item
  survivor_id: Item that it counts as; itself where it was not merged, or where its merges lead nowhere
  merges: How many merges lead to that item; 0 for itself
  problem: >-
    ring where its merges come back, or go on for more than 32 steps; unknown_target where they end at an item that nobody
    has opened; empty otherwise
*/
SELECT
    item_id,
    if(problem = '' AND last != '', last, item_id) AS survivor_id,
    toUInt32(if(problem = '', steps, 0)) AS merges,
    multiIf(last = '', '', goes_on = 1, 'ring', is_opened = 0, 'unknown_target', '') AS problem
FROM
(
    SELECT
        _i.item_id AS item_id,
        _e.last AS last,
        _e.steps AS steps,
        toUInt8(_t.merged_into != '') AS goes_on,
        toUInt8(_t.opened_at IS NOT NULL) AS is_opened
    FROM (SELECT item_id FROM ${cx}.known_feedback_item) AS _i
    LEFT JOIN
    (
        SELECT item_id, tupleElement(max((step_no, here)), 2) AS last, max(step_no) AS steps
        FROM
        (
            WITH RECURSIVE
                _merge AS (SELECT item_id, merged_into FROM ${cx}.known_feedback_item WHERE merged_into != ''),
                _chain AS
                (
                    SELECT item_id, merged_into AS here, toUInt32(1) AS step_no FROM _merge
                    UNION ALL
                    SELECT _c.item_id, _m.merged_into, _c.step_no + 1
                    FROM _chain AS _c
                    INNER JOIN _merge AS _m ON _c.here = _m.item_id
                    WHERE _c.step_no < 32 AND _c.here != _c.item_id
                )
            SELECT item_id, here, step_no FROM _chain
        )
        GROUP BY item_id
    ) AS _e ON _i.item_id = _e.item_id
    LEFT JOIN ${cx}.known_feedback_item AS _t ON _e.last = _t.item_id
)
