/*
comment: >-
  Movements of recurring revenue that have come, without test data, each with its kind; several currencies or exchange rates
  at one moment are one movement, by what they net to in the reporting currency
columns:
  account_id: Account
  policy: MRR policy
  moment: When it took effect, UTC
  subscription_id: Subscription that moved
  currency: Currency of the contract
  plan_id: Plan
  product_line: Product line; empty when not told
  whole: Kind of movement as in mrr_flow
  line: Of an expansion within one currency, upsell or cross_sell; empty where no product line is told
  crosses_rates: 1 where several currencies or exchange rates net at that moment
  amount_micros: Change per month, in millionths of the contract's currency
  fx_base_micros: Amount before it, which the change of exchange rate applies to, in millionths
  rate_at: When the exchange rate after it is taken, UTC
  rate_at_before: When the exchange rate before it is taken, UTC
  reason: Why revenue ended; empty otherwise
  is_correction: 1 when its event corrects an earlier one
  policy_version: Version of the policy
  event_id: Event that caused it
  ingested_at: When Kafka stored that event, UTC
*/
SELECT
    account_id,
    toString(policy) AS policy,
    at AS moment,
    subscription_id,
    toString(currency) AS currency,
    plan_id,
    toString(product_line) AS product_line,
    toString(kind) AS whole,
    toString(line) AS line,
    crosses_rates,
    amount_micros,
    fx_base_micros,
    rate_at,
    rate_at_before,
    toString(reason) AS reason,
    is_correction,
    toString(policy_version) AS policy_version,
    event_id,
    ingested_at
FROM ${cx}.mrr_movement
WHERE is_test = 0 AND at <= ${now} AND crosses_rates = 0
UNION ALL
SELECT
    account_id,
    policy,
    moment,
    subscription_id,
    currency,
    plan_id,
    product_line,
    multiIf(net > 0, 'expansion', net < 0, 'contraction', 'transfer') AS whole,
    line,
    crosses_rates,
    amount_micros,
    fx_base_micros,
    rate_at,
    rate_at_before,
    reason,
    is_correction,
    policy_version,
    event_id,
    ingested_at
FROM
(
    SELECT
        _m.*,
        sum(toInt128(_m.amount_micros) * _r.rate_micros) OVER (PARTITION BY _m.account_id, _m.policy, _m.moment) AS net
    FROM
    (
        SELECT
            * EXCEPT (policy, currency, product_line, line, reason, policy_version, at),
            toString(policy) AS policy,
            at AS moment,
            toString(currency) AS currency,
            toString(product_line) AS product_line,
            toString(line) AS line,
            toString(reason) AS reason,
            toString(policy_version) AS policy_version
        FROM ${cx}.mrr_movement
        WHERE is_test = 0 AND at <= ${now} AND crosses_rates = 1
    ) AS _m
    ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.currency = _r.currency AND _m.rate_at >= _r.valid_from
)
