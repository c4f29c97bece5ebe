/*
comment: Feedback items that shipped, duplicates with the item that took them in
columns:
  moment: When the item shipped, UTC
  account_id: Account that the item's own events stand under, the company's own
  fact_id: Feedback item
  topic_id: Topic of the item; empty when not told
  seconds: Seconds from opened to shipped
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(_i.shipped_at) AS moment,
    _i.home_account_id AS account_id,
    _i.item_id AS fact_id,
    _i.topic_id AS topic_id,
    (toUnixTimestamp64Micro(moment) - toUnixTimestamp64Micro(assumeNotNull(_i.opened_at))) / 1000000 AS seconds,
    [concat('feedback_item:', _i.item_id)] AS entities
FROM (SELECT * FROM ${cx}.known_feedback_item WHERE shipped_at IS NOT NULL AND opened_at IS NOT NULL) AS _i
INNER JOIN (SELECT item_id FROM ${cx}.feedback_survivor WHERE item_id = survivor_id) AS _m ON _i.item_id = _m.item_id
