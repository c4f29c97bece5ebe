/*
comment: Refunds that reached the customer, with how long the customer waited
columns:
  moment: When the money left, UTC
  account_id: Account
  fact_id: Refund
  reason: Reason as the source names it; empty when not told
  seconds: Seconds from the request to the money
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(refunded_at) AS moment,
    account_id,
    refund_id AS fact_id,
    toString(reason) AS reason,
    (toUnixTimestamp64Micro(moment) - toUnixTimestamp64Micro(assumeNotNull(requested_at))) / 1000000 AS seconds,
    [concat('refund:', refund_id)] AS entities
FROM ${cx}.refund
WHERE status = 'refunded' AND refunded_at >= requested_at AND is_test = 0
