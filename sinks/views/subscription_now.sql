/*
comment: How every subscription stands now, without test data; subscription_history has the same for any other instant
columns:
  account_id: Account
  subscription_id: Subscription
  status: TRIALING, ACTIVE, PAST_DUE, UNPAID, PAUSED, ENDED or UNKNOWN
  since: From when it has stood so, UTC
  plan_ids: Plans of its items, in alphabetical order
  quantity: Units over all items
  currency: Currency of the contract
  contract: Recurring amount per month before discounts, whatever the status
  period_end: End of the service period, UTC, exclusive; NULL when not told
  trial_ends_at: End of the trial, UTC; NULL where there is none
  pause_ends_at: When a pause ends by itself, UTC; NULL where that is not agreed
  cancel_at: When it is to end, UTC; NULL while no end is scheduled
  reason: Why it ended or is to end; empty otherwise
  is_voluntary: 1 when that reason is the customer's own wish
  scheduled_churn: Revenue per month that the scheduled end will take, by cxledger; 0 while none is scheduled
  flags: What is odd about it, as codes; mostly empty
*/
SELECT
    h.account_id AS account_id,
    h.subscription_id AS subscription_id,
    h.status AS status,
    h.valid_from AS since,
    h.plan_ids AS plan_ids,
    h.quantity AS quantity,
    h.currency AS currency,
    toDecimal128(h.contract_micros, 6) / 1000000 AS contract,
    h.period_end AS period_end,
    h.trial_ends_at AS trial_ends_at,
    h.pause_ends_at AS pause_ends_at,
    h.cancel_at AS cancel_at,
    h.reason AS reason,
    toUInt8(h.reason = 'VOLUNTARY') AS is_voluntary,
    if(h.cancel_at IS NULL, 0, toDecimal128(i.mrr_micros, 6) / 1000000) AS scheduled_churn,
    s.flags AS flags
FROM (SELECT * FROM ${cx}.subscription_history WHERE is_test = 0 AND valid_from <= ${now} AND (valid_to IS NULL OR valid_to > ${now})) AS h
LEFT JOIN (SELECT account_id, subscription_id, flags FROM ${cx}.subscription) AS s
    ON h.account_id = s.account_id AND h.subscription_id = s.subscription_id
LEFT JOIN
(
    SELECT account_id, subscription_id, sum(mrr_micros) AS mrr_micros
    FROM ${cx}.mrr_span
    WHERE policy = 'cxledger' AND starts_at <= ${now} AND ends_at > ${now}
    GROUP BY account_id, subscription_id
) AS i ON h.account_id = i.account_id AND h.subscription_id = i.subscription_id
