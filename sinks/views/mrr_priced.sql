/*
comment: Movements of recurring revenue that have come, each with the exchange rates after and before it; without test data
columns:
  account_id: Account
  subscription_id: Subscription that moved
  plan_id: Plan
  crosses_rates: 1 where the account moved in several currencies, or at several rates, at that moment, which net against each other
  amount_micros: Change per month, in millionths of the contract's currency
  fx_base_micros: Amount before it, which the change of exchange rate applies to, in millionths
  is_correction: 1 when its event corrects an earlier one
  event_id: Event that caused it
  ingested_at: When Kafka stored that event, UTC
  moment: When it took effect, UTC
  policy: MRR policy
  currency: Currency of the contract
  contract_kind: Kind of movement by what nets in the contract's currency
  line: Of such an expansion, upsell or cross_sell; empty where no product line is told
  product_line: Product line; empty when not told
  reason: Why revenue ended; empty otherwise
  policy_version: Version of the policy
  has_rate: 1 when its exchange rate is known
  moved: Change per month in units of 10^-12 of the reporting currency; 0 while its exchange rate is not known
  revalued: What the change of the exchange rate brings in the same units
*/
SELECT
    account_id,
    subscription_id,
    plan_id,
    crosses_rates,
    amount_micros,
    fx_base_micros,
    is_correction,
    event_id,
    ingested_at,
    moment,
    policy,
    currency,
    contract_kind,
    line,
    product_line,
    reason,
    policy_version,
    toUInt8(rate > 0) AS has_rate,
    toInt128(amount_micros) * rate AS moved,
    toInt128(fx_base_micros) * (rate - former_rate) AS revalued
FROM
(
    SELECT _f.*, _f.rate_micros AS rate, _g.rate_micros AS former_rate
    FROM
    (
        SELECT _m.*, _r.rate_micros AS rate_micros
        FROM
        (
            SELECT
                * EXCEPT (policy, currency, kind, line, product_line, reason, policy_version, at),
                at AS moment,
                toString(policy) AS policy,
                toString(currency) AS currency,
                toString(kind) AS contract_kind,
                toString(line) AS line,
                toString(product_line) AS product_line,
                toString(reason) AS reason,
                toString(policy_version) AS policy_version
            FROM ${cx}.mrr_movement
            WHERE is_test = 0 AND at <= ${now}
        ) AS _m
        ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.currency = _r.currency AND _m.rate_at >= _r.valid_from
    ) AS _f
    ASOF LEFT JOIN ${cx}.reporting_rate AS _g ON _f.currency = _g.currency AND _f.rate_at_before >= _g.valid_from
)
