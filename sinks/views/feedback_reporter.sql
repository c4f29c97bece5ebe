/*
comment: >-
  Accounts that asked for a feedback item, one row per item and account after merges of either, with what they were told; without
  test data
columns:
  item_id: Feedback item, after merges
  account_id: Account that asked for it, as it counts now after merges of accounts
  topic_id: Topic of the item; empty when not told
  state: State of the item
  opened_at: When the item was opened, UTC
  closed_at: When it shipped or was declined, UTC; NULL while neither stands
  first_asked_at: When the account first asked, UTC
  last_asked_at: When it last asked, UTC
  requests: How often it asked
  quotes: Of these, with the customer's words kept
  told_in_progress_at: When it was first told that somebody works on it, UTC
  told_at: >-
    When it was first told the outcome that stands, UTC, no earlier than that: after the item shipped or was declined, or the item
    that it had asked for before a merge; NULL where it was not
  outcome_at: Since when the outcome that it was told stood, UTC
  told_too_early: How often it was told an outcome before it stood
  is_to_tell: 1 where it waits to be told that somebody works on it, that it shipped or that it was declined
  entities: Entities whose events make the row, kind:id, as the event table names them
*/
SELECT
    _k.item_id AS item_id,
    _k.account_id AS account_id,
    _i.topic_id AS topic_id,
    _i.state AS state,
    _i.opened_at AS opened_at,
    ifNull(_i.shipped_at, _i.declined_at) AS closed_at,
    _k.first_asked_at AS first_asked_at,
    _k.last_asked_at AS last_asked_at,
    _k.requests AS requests,
    _k.quotes AS quotes,
    _n.told_in_progress_at AS told_in_progress_at,
    _n.told_at AS told_at,
    if(_n.told_at IS NULL, NULL, _n.outcome_at) AS outcome_at,
    _n.told_too_early AS told_too_early,
    toUInt8(
        (_i.state IN ('shipped', 'declined') AND _n.told_at IS NULL)
        OR (_i.state = 'in_progress' AND _n.told_in_progress_at IS NULL)
    ) AS is_to_tell,
    arraySort(arrayDistinct(arrayConcat(_k.entities, _n.entities))) AS entities
FROM
(
    SELECT
        _m.survivor_id AS item_id,
        if(_w.survivor_id = '', _l.account_id, _w.survivor_id) AS account_id,
        min(_l.asked_at) AS first_asked_at,
        max(_l.asked_at) AS last_asked_at,
        toInt64(count()) AS requests,
        toInt64(sum(_l.has_quote)) AS quotes,
        arrayConcat(
            groupUniqArray(concat('feedback_link:', _l.link_id)),
            groupUniqArray(concat('feedback_item:', _l.item_id)),
            groupUniqArray(concat('feedback_item:', _m.survivor_id))
        ) AS entities
    FROM (SELECT * FROM ${cx}.feedback_link WHERE is_test = 0) AS _l
    INNER JOIN ${cx}.feedback_survivor AS _m ON _l.item_id = _m.item_id
    LEFT JOIN ${cx}.account_identity AS _w ON _l.account_id = _w.account_id
    GROUP BY item_id, account_id
) AS _k
INNER JOIN (SELECT * FROM ${cx}.known_feedback_item WHERE opened_at IS NOT NULL) AS _i ON _k.item_id = _i.item_id
LEFT JOIN
(
    SELECT
        item_id,
        account_id,
        minIf(toNullable(at), told_state = 'in_progress') AS told_in_progress_at,
        minIf(toNullable(at), told_state = outcome AND at >= stands_from) AS told_at,
        argMinIf(stands_from, at, told_state = outcome AND at >= stands_from) AS outcome_at,
        toInt64(countIf(told_state IN ('shipped', 'declined') AND (told_state != outcome OR at < stands_from))) AS told_too_early,
        groupUniqArray(concat('feedback_notice:', notice_id)) AS entities
    FROM
    (
        SELECT
            _m.survivor_id AS item_id,
            if(_w.survivor_id = '', _n.account_id, _w.survivor_id) AS account_id,
            _n.notice_id AS notice_id,
            _n.at AS at,
            toString(_n.state) AS told_state,
            if(_s.state IN ('shipped', 'declined'), _s.state, 'none') AS outcome,
            -- The item that was asked for may have had the outcome before the one that took it in.
            if(
                _o.state = _s.state,
                least(ifNull(_s.state_since, ${end_of_days}), ifNull(_o.state_since, ${end_of_days})),
                ifNull(_s.state_since, ${end_of_days})
            ) AS stands_from
        FROM (SELECT * FROM ${cx}.feedback_notice WHERE is_test = 0) AS _n
        INNER JOIN ${cx}.feedback_survivor AS _m ON _n.item_id = _m.item_id
        INNER JOIN ${cx}.known_feedback_item AS _o ON _n.item_id = _o.item_id
        INNER JOIN ${cx}.known_feedback_item AS _s ON _m.survivor_id = _s.item_id
        LEFT JOIN ${cx}.account_identity AS _w ON _n.account_id = _w.account_id
    )
    GROUP BY item_id, account_id
) AS _n ON _k.item_id = _n.item_id AND _k.account_id = _n.account_id
