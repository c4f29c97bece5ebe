/*
comment: Recurring revenue at the end of every day, by slice, in the reporting currency; today as far as it has come
columns:
  day: Day, in the company's time zone
  policy: MRR policy
  dimension: all, account, plan, product_line, manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  mrr_pico: Recurring revenue per month in units of 10^-12 of the reporting currency
  contract_pico: The same before discounts
  accounts: Accounts with revenue
  without_rate: Items without an exchange rate, which the sums leave out
*/
SELECT
    arrayJoin(arrayMap(d -> toDate(d), range(from_day, greatest(next_day, from_day + 1)))) AS day,
    policy,
    dimension,
    dimension_value,
    mrr_pico,
    contract_pico,
    accounts,
    without_rate
FROM
(
    SELECT
        policy,
        dimension,
        dimension_value,
        toUInt32(changed_on) AS from_day,
        toUInt32(leadInFrame(changed_on, 1, toDate(${now}, '${zone}') + 1) OVER following) AS next_day,
        sum(mrr_change) OVER running AS mrr_pico,
        sum(contract_change) OVER running AS contract_pico,
        toInt64(sum(accounts_change) OVER running) AS accounts,
        toInt64(sum(without_change) OVER running) AS without_rate
    FROM
    (
        SELECT
            policy,
            dimension,
            dimension_value,
            changed_on,
            sum(mrr_step) AS mrr_change,
            sum(contract_step) AS contract_change,
            sum(without_step) AS without_change,
            sum(toInt8(total > 0) - toInt8(total - mrr_step > 0)) AS accounts_change
        FROM
        (
            SELECT *, sum(mrr_step) OVER (
                PARTITION BY policy, dimension, dimension_value, account_id ORDER BY changed_on ROWS UNBOUNDED PRECEDING
            ) AS total
            FROM
            (
                SELECT
                    policy,
                    dimension,
                    multiIf(
                        dimension = 'account', account_id,
                        dimension = 'plan', plan_id,
                        dimension = 'product_line', product_line,
                        dimension = 'manager', owner,
                        dimension = 'segment', segment,
                        ''
                    ) AS dimension_value,
                    account_id,
                    toDate(least(tupleElement(edge, 1), ${end_of_days}), '${zone}') AS changed_on,
                    sum(reported_pico * tupleElement(edge, 2)) AS mrr_step,
                    sum(contract_pico * tupleElement(edge, 2)) AS contract_step,
                    sum(toInt64(has_rate = 0) * tupleElement(edge, 2)) AS without_step
                FROM
                (
                    SELECT
                        *,
                        toInt128(contract_micros) * rate_micros AS contract_pico,
                        arrayJoin([(starts_at, toInt8(1)), (ends_at, toInt8(-1))]) AS edge
                    FROM ${cx}.mrr_span
                    WHERE starts_at <= ${now}
                ) AS _e
                CROSS JOIN
                (
                    SELECT arrayJoin(['all', 'account', 'plan', 'product_line', 'manager', 'segment']) AS dimension
                ) AS _d
                WHERE tupleElement(edge, 1) <= ${now}
                GROUP BY policy, dimension, dimension_value, account_id, changed_on
            )
        )
        GROUP BY policy, dimension, dimension_value, changed_on
    )
    WINDOW
        running AS (PARTITION BY policy, dimension, dimension_value ORDER BY changed_on ROWS UNBOUNDED PRECEDING),
        following AS (
            PARTITION BY policy, dimension, dimension_value ORDER BY changed_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
