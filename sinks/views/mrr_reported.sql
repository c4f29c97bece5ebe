/*
comment: Recurring revenue by item over time with its exchange rate, as the ledger has it, not split by owner; without test data
columns:
  account_id: Account
  policy: MRR policy
  subscription_id: Subscription
  item_id: Item within the subscription
  plan_id: Plan
  product_line: Product line; empty when not told
  since: From when, UTC
  until: Until when, UTC, exclusive; the year 2149 while no end is known
  currency: Currency of the contract
  mrr_micros: Recurring revenue per month, in millionths of the contract's currency
  contract_micros: The same before discounts
  rate: Millionths of the reporting currency for one unit of it; 0 while its rate is not known
*/
SELECT
    _m.account_id AS account_id,
    _m.policy AS policy,
    _m.subscription_id AS subscription_id,
    _m.item_id AS item_id,
    _m.plan_id AS plan_id,
    _m.product_line AS product_line,
    _m.valid_from AS since,
    ifNull(_m.valid_to, toDateTime64('2149-06-06 00:00:00', 6, 'UTC')) AS until,
    _m.code AS currency,
    _m.mrr_micros AS mrr_micros,
    _m.contract_micros AS contract_micros,
    _r.rate_micros AS rate
FROM
(
    SELECT * EXCEPT (policy, product_line, currency), toString(policy) AS policy,
        toString(product_line) AS product_line, toString(currency) AS code
    FROM ${cx}.mrr_item
    WHERE is_test = 0
) AS _m
ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.code = _r.currency AND _m.rate_at >= _r.valid_from
