/*
comment: What managers say of the relationship with each account that has an owner, or ever had a judgement, and until when that holds
columns:
  account_id: Account
  owner: Manager who owns the account; empty when nobody does
  state: holds; of one that does so no more, handover or expired; never where nobody has judged
  sentiment: -2 (very bad), -1, 0 (neither), 1 or 2 (very good); NULL where none holds, which is not 0
  has_note: 1 when words about it are kept at the source; NULL where none holds
  last_sentiment: The newest judgement, whether it holds or not; NULL where nobody has judged
  manager_id: Our person whose judgement that is; empty where nobody has judged
  set_at: When that was, UTC; NULL where nobody has judged
  until_at: Until when it holds or held, UTC, exclusive; NULL where nobody has judged
  days_left: Whole days that it holds from now on; NULL where none holds
*/
SELECT
    if(_o.account_id = '', _n.account_id, _o.account_id) AS account_id,
    _o.owner AS owner,
    multiIf(_n.account_id = '', 'never', _n.is_current = 1, 'holds', _n.ended_by) AS state,
    if(state = 'holds', toNullable(_n.sentiment), NULL) AS sentiment,
    if(state = 'holds', toNullable(_n.has_note), NULL) AS has_note,
    if(state = 'never', NULL, toNullable(_n.sentiment)) AS last_sentiment,
    _n.manager_id AS manager_id,
    if(state = 'never', NULL, toNullable(_n.from_at)) AS set_at,
    if(state = 'never', NULL, toNullable(_n.until_at)) AS until_at,
    if(state = 'holds', toNullable(intDiv(toUnixTimestamp64Micro(_n.until_at) - toUnixTimestamp64Micro(${now}), 86400000000)), NULL)
        AS days_left
FROM
(
    SELECT account_id, toString(tupleElement(arrayLast(each -> tupleElement(each, 1) <= ${now}, owners), 2)) AS owner
    FROM ${cx}.account_slice
) AS _o
FULL OUTER JOIN
(
    SELECT *
    FROM ${cx}.sentiment_span
    WHERE from_at <= ${now}
    ORDER BY from_at DESC, until_at DESC, sentiment_id
    LIMIT 1 BY account_id
) AS _n ON _o.account_id = _n.account_id
WHERE owner != '' OR state != 'never'
