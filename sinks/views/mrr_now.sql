/*
comment: Recurring revenue now, by slice and contract currency
columns:
  policy: MRR policy
  dimension: all, account, plan, product_line, manager (owner now) or segment (now)
  dimension_value: Slice; empty for all, and for what belongs to none
  currency: Currency of the contracts
  mrr: Recurring revenue per month in that currency
  contract: The same before discounts
  reported: Recurring revenue per month in the reporting currency, of what has an exchange rate
  without_rate: Items without an exchange rate, which reported leaves out
  accounts: Accounts with revenue
*/
SELECT
    policy,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    currency,
    toDecimal128(sum(mrr_micros), 6) / 1000000 AS mrr,
    toDecimal128(sum(contract_micros), 6) / 1000000 AS contract,
    toDecimal128(intDiv(sum(reported_pico), 1000000), 6) / 1000000 AS reported,
    toInt64(countIf(has_rate = 0)) AS without_rate,
    toInt64(uniqExactIf(account_id, mrr_micros > 0)) AS accounts
FROM
(
    SELECT
        *,
        arrayJoin([
            ('all', ''), ('account', account_id), ('plan', plan_id), ('product_line', product_line),
            ('manager', owner), ('segment', segment)
        ]) AS slice
    FROM ${cx}.mrr_span
    WHERE starts_at <= ${now} AND ends_at > ${now}
)
GROUP BY policy, slice, currency
