/*
comment: Feedback items as they stand, one row for each id; of one that is told under several accounts the row that was opened first
columns:
  item_id: Feedback item
  home_account_id: Account that its own events stand under
  topic_id: Topic of the taxonomy; empty when not told
  state: new, triaged, planned, in_progress, shipped or declined; empty while none is told
  state_since: Since when it is in that state, UTC
  opened_at: When it was opened, UTC; NULL while that is not told
  shipped_at: When it became shipped, UTC; NULL where that does not stand
  declined_at: When it was declined, UTC; NULL where that does not stand
  merged_into: Item that it was merged into; empty while it is one of its own
  merged_at: When it was merged, UTC
  event_id: Event that its present content comes from
*/
SELECT
    item_id,
    account_id AS home_account_id,
    toString(topic_id) AS topic_id,
    toString(state) AS state,
    state_since,
    opened_at,
    shipped_at,
    declined_at,
    merged_into,
    merged_at,
    event_id
FROM ${cx}.feedback_item
WHERE is_test = 0
ORDER BY item_id, opened_at IS NULL, opened_at, account_id
LIMIT 1 BY item_id
