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
    _h.account_id AS account_id,
    _h.subscription_id AS subscription_id,
    _h.status AS status,
    _h.valid_from AS since,
    _h.plan_ids AS plan_ids,
    _h.quantity AS quantity,
    _h.currency AS currency,
    toDecimal128(_h.contract_micros, 6) / 1000000 AS contract,
    _h.period_end AS period_end,
    _h.trial_ends_at AS trial_ends_at,
    _h.pause_ends_at AS pause_ends_at,
    _h.cancel_at AS cancel_at,
    _h.reason AS reason,
    toUInt8(_h.reason = 'VOLUNTARY') AS is_voluntary,
    if(_h.cancel_at IS NULL, 0, toDecimal128(_i.mrr_micros, 6) / 1000000) AS scheduled_churn,
    _s.flags AS flags
FROM (SELECT * FROM ${cx}.subscription_history WHERE is_test = 0 AND valid_from <= ${now} AND (valid_to IS NULL OR valid_to > ${now})) AS _h
LEFT JOIN (SELECT account_id, subscription_id, flags FROM ${cx}.subscription) AS _s
    ON _h.account_id = _s.account_id AND _h.subscription_id = _s.subscription_id
LEFT JOIN
(
    SELECT account_id, subscription_id, sum(mrr_micros) AS mrr_micros
    FROM ${cx}.mrr_span
    WHERE policy = 'cxledger' AND starts_at <= ${now} AND ends_at > ${now}
    GROUP BY account_id, subscription_id
) AS _i ON _h.account_id = _i.account_id AND _h.subscription_id = _i.subscription_id
