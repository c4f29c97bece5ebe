/*
comment: Feedback items by state, with how long they have been in it and what the accounts that asked for them pay; each account once
columns:
  state: new, triaged, planned, in_progress, shipped or declined
  items: Items, duplicates with the item that took them in
  median_days: Median of the days that they have been in it
  p90_days: Days within which nine of ten entered it
  oldest_days: Days since the first of them entered it
  accounts: Accounts that asked for any of them
  mrr: Recurring revenue of these accounts now, per month in the reporting currency
  mrr_when_asked: The same of each when it first asked for any of them
  without_rate: Accounts of which some revenue has no exchange rate, and is left out
  to_tell: Pairs of item and account that wait to be told
*/
SELECT
    _i.state AS state,
    _i.items AS items,
    _i.median_days AS median_days,
    _i.p90_days AS p90_days,
    _i.oldest_days AS oldest_days,
    toInt64(_a.accounts) AS accounts,
    toDecimal128(intDiv(_a.now_pico, 1000000), 6) / 1000000 AS mrr,
    toDecimal128(intDiv(_a.asked_pico, 1000000), 6) / 1000000 AS mrr_when_asked,
    toInt64(_a.without_rate) AS without_rate,
    _i.to_tell AS to_tell
FROM
(
    SELECT
        state,
        toInt64(count()) AS items,
        quantileExactInclusive(0.5)(days_in_state) AS median_days,
        quantileExactInclusive(0.9)(days_in_state) AS p90_days,
        max(days_in_state) AS oldest_days,
        toInt64(sum(_n.to_tell)) AS to_tell
    FROM ${cx}.feedback_item_now AS _n
    GROUP BY state
) AS _i
LEFT JOIN
(
    SELECT state, count() AS accounts, sum(now_each) AS now_pico, sum(asked_each) AS asked_pico, sum(lacks_rate) AS without_rate
    FROM
    (
        SELECT
            state,
            account_id,
            any(now_pico) AS now_each,
            argMin(asked_pico, first_asked_at) AS asked_each,
            max(without_rate) AS lacks_rate
        FROM ${cx}.feedback_reporter_mrr
        GROUP BY state, account_id
    )
    GROUP BY state
) AS _a ON _i.state = _a.state
