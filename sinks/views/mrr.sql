/*
comment: Recurring revenue at the end of every window, by slice, in the reporting currency
columns:
  grain: day, week, month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, plan, product_line, manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  policy: MRR policy
  value: Recurring revenue per month at the window's end, or now while it has not ended, in the reporting currency
  contract: The same before discounts
  n: Accounts with revenue
  without_rate: Items without an exchange rate, which the value leaves out
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Monthly recurring revenue
  formula: >-
    sum over active items of unit price x quantity, net of discounts that recur, without tax, put on a month: a year is
    12 months, a week 12/52 and a day 12/365 of one
  unit: reporting currency per month
  numerator: recurring revenue of the items that the policy counts
  denominator: none, it is a stock
  interval: none
  source: ChartMogul, Stripe and ProfitWell, whose choices are policies of their own (ADR 0088)
  edge_cases: >-
    Trials, pauses and metered items have none. A scheduled end counts when it comes. The exchange rate is that of the
    service period's first day; items without a rate are left out and counted in without_rate. A slice by manager or
    segment follows the account from the day on which either changes.
  version: 1
*/
SELECT
    grain,
    window_start,
    multiIf(
        grain = 'day', addDays(window_start, 1),
        grain = 'week', addDays(window_start, 7),
        grain = 'month', addMonths(window_start, 1),
        addMonths(window_start, 3)
    ) AS window_end,
    dimension,
    dimension_value,
    policy,
    toDecimal128(intDiv(argMax(mrr_pico, day), 1000000), 6) / 1000000 AS value,
    toDecimal128(intDiv(argMax(contract_pico, day), 1000000), 6) / 1000000 AS contract,
    argMax(accounts, day) AS n,
    argMax(unpriced, day) AS without_rate,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        * EXCEPT (without_rate),
        without_rate AS unpriced,
        arrayJoin(['day', 'week', 'month', 'quarter']) AS grain,
        multiIf(
            grain = 'day', day,
            grain = 'week', toStartOfWeek(day, ${week_mode}),
            grain = 'month', toStartOfMonth(day),
            toStartOfQuarter(day)
        ) AS window_start
    FROM ${cx}.mrr_daily
)
GROUP BY grain, window_start, dimension, dimension_value, policy
