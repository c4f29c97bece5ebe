/*
comment: >-
  Movements of recurring revenue that have come, in contract and reporting currency, without test data; what a change
  of the exchange rate alone brings is a row of its own
columns:
  moment: When it took effect, UTC
  account_id: Account
  survey_id: Always empty; movements belong to no survey
  fact_id: Subscription that moved
  policy: MRR policy
  kind: >-
    new, expansion, contraction, churn, reactivation, pause, resume, fx; transfer where all nets to 0;
    several currencies at one moment are netted in the reporting currency
  line: Of an expansion, upsell or cross_sell; empty where no product line is told
  plan_id: Plan
  product_line: Product line; empty when not told
  currency: Currency of the contract
  amount: Change per month in the contract's currency; 0 for fx
  reported: Change per month in the reporting currency; NULL while its exchange rate is not known
  reported_pico: The same in units of 10^-12, exact; what has no exchange rate is worth 0 in it
  has_rate: 1 when its exchange rate is known
  reason: Why revenue ended; empty otherwise
  is_correction: 1 when its event corrects an earlier one
  policy_version: Version of the policy
  event_id: Event that caused it
  ingested_at: When Kafka stored that event, UTC
  entities: Entities whose events make the movement, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    '' AS survey_id,
    subscription_id AS fact_id,
    policy,
    tupleElement(part, 1) AS kind,
    multiIf(
        kind = 'fx' OR (crosses_rates = 1 AND kind != 'expansion'), '',
        crosses_rates = 1 AND line = '' AND product_line != '' AND fx_base_micros > 0, 'upsell',
        line
    ) AS line,
    plan_id,
    product_line,
    currency,
    toDecimal128(tupleElement(part, 2), 6) / 1000000 AS amount,
    if(has_rate = 1, toNullable(toDecimal128(intDiv(reported_pico, 1000000), 6) / 1000000), NULL) AS reported,
    tupleElement(part, 3) AS reported_pico,
    has_rate,
    reason,
    is_correction,
    policy_version,
    event_id,
    ingested_at,
    [concat('subscription:', subscription_id)] AS entities
FROM
(
    SELECT
        *,
        toUInt8(rate > 0) AS has_rate,
        toInt128(amount_micros) * rate AS moved,
        toInt128(fx_base_micros) * (rate - former_rate) AS revalued,
        arrayJoin(arrayFilter(
            p -> tupleElement(p, 1) != 'fx' OR tupleElement(p, 3) != 0 OR whole = 'fx',
            if(
                whole = 'fx',
                [('fx', toInt64(0), revalued)],
                [(whole, amount_micros, moved), ('fx', toInt64(0), revalued)]
            )
        )) AS part
    FROM
    (
        SELECT _f.*, _f.rate_micros AS rate, _g.rate_micros AS former_rate
        FROM
        (
            SELECT _m.*, _r.rate_micros AS rate_micros
            FROM ${cx}.mrr_netted AS _m
            ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.currency = _r.currency AND _m.rate_at >= _r.valid_from
        ) AS _f
        ASOF LEFT JOIN ${cx}.reporting_rate AS _g ON _f.currency = _g.currency AND _f.rate_at_before >= _g.valid_from
    )
)
