/*
comment: Recurring revenue by item over time, split where the account's owner or segment changes; without test data
columns:
  account_id: Account
  policy: MRR policy
  subscription_id: Subscription
  item_id: Item within the subscription
  plan_id: Plan
  product_line: Product line; empty when not told
  owner: Manager who owned the account then; empty when nobody did
  segment: Segment of the account then; empty when not told
  starts_at: From when, UTC
  ends_at: Until when, UTC, exclusive; the year 2149 while no end is known
  currency: Currency of the contract
  mrr_micros: Recurring revenue per month, in millionths of the contract's currency
  contract_micros: The same before discounts
  rate_micros: Millionths of the reporting currency for one unit of it; 0 while its rate is not known
  reported_pico: Recurring revenue per month in the reporting currency, in units of 10^-12; 0 while its rate is not known
  has_rate: 1 when its exchange rate is known
  entities: Entities whose events make the span, kind:id, as the event table names them
*/
SELECT
    account_id,
    policy,
    subscription_id,
    item_id,
    plan_id,
    product_line,
    tupleElement(arrayLast(p -> tupleElement(p, 1) <= starts_at, owners), 2) AS owner,
    tupleElement(arrayLast(p -> tupleElement(p, 1) <= starts_at, segments), 2) AS segment,
    tupleElement(cut, 1) AS starts_at,
    tupleElement(cut, 2) AS ends_at,
    currency,
    mrr_micros,
    contract_micros,
    rate AS rate_micros,
    toInt128(mrr_micros) * rate AS reported_pico,
    toUInt8(rate > 0) AS has_rate,
    [concat('subscription:', subscription_id)] AS entities
FROM
(
    SELECT
        _i.*,
        _h.owners AS owners,
        _h.segments AS segments,
        arrayConcat(
            [_i.since],
            arraySort(arrayDistinct(arrayFilter(
                at -> at > _i.since AND at < _i.until,
                arrayMap(p -> tupleElement(p, 1), arrayConcat(_h.owners, _h.segments))
            )))
        ) AS cuts,
        arrayJoin(arrayZip(cuts, arrayPushBack(arrayPopFront(cuts), _i.until))) AS cut
    FROM ${cx}.mrr_reported AS _i
    LEFT JOIN ${cx}.account_slice AS _h ON _i.account_id = _h.account_id
)
