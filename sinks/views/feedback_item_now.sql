/*
comment: >-
  Feedback items as they stand, duplicates with the item that took them in: how old they are in their state, who asked, what
  those pay and whether they were told; without test data
columns:
  item_id: Feedback item
  topic_id: Topic of the taxonomy; empty when not told
  state: new, triaged, planned, in_progress, shipped or declined
  state_since: Since when, UTC
  days_in_state: Days since then
  opened_at: When it was opened, UTC
  days_open: Days from then until it shipped or was declined, or until now
  shipped_at: When it shipped, UTC
  declined_at: When it was declined, UTC
  merged_items: Items that were merged into it
  accounts: Accounts that asked for it, each once
  requests: How often it was asked for
  quotes: Of these, with the customer's words kept
  mrr: Recurring revenue of these accounts now, per month in the reporting currency; do not add it up over items
  mrr_when_asked: The same of each when it first asked
  churned_accounts: Accounts with revenue when they asked and none now
  churned_mrr: What they paid when they asked
  without_rate: Accounts of which some revenue has no exchange rate, and is left out
  told_in_progress: Accounts that were told that somebody works on it
  told: Accounts that were told the outcome, after it stood
  to_tell: Accounts that wait to be told
  problem: ring or unknown_target where it was merged and still stands for itself; empty otherwise
*/
SELECT
    _i.item_id AS item_id,
    _i.topic_id AS topic_id,
    _i.state AS state,
    _i.state_since AS state_since,
    (toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(assumeNotNull(_i.state_since))) / 86400000000 AS days_in_state,
    assumeNotNull(_i.opened_at) AS opened_at,
    (
        toUnixTimestamp64Micro(ifNull(ifNull(_i.shipped_at, _i.declined_at), ${now}))
        - toUnixTimestamp64Micro(assumeNotNull(_i.opened_at))
    ) / 86400000000 AS days_open,
    _i.shipped_at AS shipped_at,
    _i.declined_at AS declined_at,
    toInt64(ifNull(_m.items, 1)) - 1 AS merged_items,
    toInt64(_r.accounts) AS accounts,
    _r.requests AS requests,
    _r.quotes AS quotes,
    toDecimal128(intDiv(_p.now_pico, 1000000), 6) / 1000000 AS mrr,
    toDecimal128(intDiv(_p.asked_pico, 1000000), 6) / 1000000 AS mrr_when_asked,
    toInt64(_p.churned_accounts) AS churned_accounts,
    toDecimal128(intDiv(_p.churned_pico, 1000000), 6) / 1000000 AS churned_mrr,
    toInt64(_p.without_rate) AS without_rate,
    toInt64(_r.told_in_progress) AS told_in_progress,
    toInt64(_r.told) AS told,
    toInt64(_r.to_tell) AS to_tell,
    _m.problem AS problem
FROM (SELECT * FROM ${cx}.known_feedback_item WHERE opened_at IS NOT NULL) AS _i
INNER JOIN
(
    SELECT survivor_id, count() AS items, anyIf(problem, item_id = survivor_id) AS problem
    FROM ${cx}.feedback_survivor
    GROUP BY survivor_id
) AS _m ON _i.item_id = _m.survivor_id
LEFT JOIN
(
    SELECT
        item_id,
        count() AS accounts,
        sum(requests) AS requests,
        sum(quotes) AS quotes,
        countIf(told_in_progress_at IS NOT NULL) AS told_in_progress,
        countIf(told_at IS NOT NULL) AS told,
        countIf(is_to_tell = 1) AS to_tell
    FROM ${cx}.feedback_reporter
    GROUP BY item_id
) AS _r ON _i.item_id = _r.item_id
LEFT JOIN
(
    SELECT
        item_id,
        sum(_e.now_pico) AS now_pico,
        sum(_e.asked_pico) AS asked_pico,
        countIf(_e.asked_pico > 0 AND _e.now_pico = 0) AS churned_accounts,
        sumIf(_e.asked_pico, _e.now_pico = 0) AS churned_pico,
        sum(_e.without_rate) AS without_rate
    FROM ${cx}.feedback_reporter_mrr AS _e
    GROUP BY item_id
) AS _p ON _i.item_id = _p.item_id
