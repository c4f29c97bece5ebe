/*
comment: >-
  From what customers talk about to what shipped, by topic: answers, items, outcomes and who was told; without test data
columns:
  topic_id: Topic of the taxonomy; empty for items of which none is told
  answers: Responses tagged with it
  items: Feedback items of it, duplicates with the item that took them in
  open: Of these, neither shipped nor declined
  shipped: Of these, shipped
  declined: Of these, declined
  accounts: Accounts that asked for any of them
  reporters: Pairs of shipped item and account that asked for it
  told: Of these, told after it shipped
  median_days_to_ship: Median of the days from opened to shipped; NULL where nothing shipped
*/
SELECT
    topic_id,
    toInt64(sum(answered)) AS answers,
    toInt64(sum(opened)) AS items,
    toInt64(sum(opened) - sum(has_shipped) - sum(was_declined)) AS open,
    toInt64(sum(has_shipped)) AS shipped,
    toInt64(sum(was_declined)) AS declined,
    toInt64(uniqExactIf(asker, asker != '')) AS accounts,
    toInt64(sum(is_reporter)) AS reporters,
    toInt64(sum(was_told)) AS told,
    if(sum(has_shipped) = 0, NULL, toNullable(quantileExactInclusiveIf(0.5)(days, has_shipped = 1))) AS median_days_to_ship
FROM
(
    SELECT
        arrayJoin(topics) AS topic_id,
        1 AS answered,
        0 AS opened,
        0 AS has_shipped,
        0 AS was_declined,
        '' AS asker,
        0 AS is_reporter,
        0 AS was_told,
        0. AS days
    FROM ${cx}.tagged_response
    WHERE topic_id != ''
    UNION ALL
    SELECT topic_id, 0, 1, state = 'shipped', state = 'declined', '', 0, 0, days_open
    FROM ${cx}.feedback_item_now
    UNION ALL
    SELECT topic_id, 0, 0, 0, 0, account_id, state = 'shipped', state = 'shipped' AND told_at IS NOT NULL, 0.
    FROM ${cx}.feedback_reporter
)
GROUP BY topic_id
