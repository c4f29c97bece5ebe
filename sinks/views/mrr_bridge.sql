/*
comment: >-
  From the recurring revenue at the start of a window to that at its end, movement by movement, in the reporting currency
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, plan, product_line, manager (owner of the movement's time) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  policy: MRR policy
  opening: Revenue when the window began
  new: First revenue of accounts
  expansion: More from accounts that paid
  contraction: Less from accounts that go on paying
  churn: Revenue of accounts that left
  reactivation: Revenue of accounts that returned
  pause: Revenue that was paused
  resume: Revenue that came back from a pause
  fx: Change of exchange rates from one service period to the next
  transfer: What moved between plans or subscriptions; 0 for an account as a whole
  handed_over: What came with accounts from other managers or segments less what went to them
  closing: Revenue when it ended, or now; the sum of all before it
  contracted: Contraction and pauses together, as the bridge is shown where pauses have no place
  expanded: Expansion and resumptions together
  upsell: Part of expansion on product lines that were paid for already
  cross_sell: Part of expansion on new product lines
  without_rate: Movements that are left out because their exchange rate is not known
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Bridge of recurring revenue
  formula: opening + new + expansion + contraction + churn + reactivation + pause + resume + fx + transfer + handed over = closing
  unit: reporting currency per month
  numerator: recurring revenue at the start, and each kind of movement until the end
  denominator: none, it is a stock and its flows
  interval: none
  source: roll-forward of recurring revenue as Stripe and ChartMogul show it
  edge_cases: >-
    Contraction, churn and pauses are below zero. Windows without a movement have a row while there is revenue. What an account
    takes along to another manager or segment is handed over, and is 0 for all and for an account. Movements
    without an exchange rate are left out and counted in without_rate.
  version: 1
stored:
  order: [dimension, policy, grain, window_start, dimension_value]
  where: dimension != 'account'
*/
SELECT
    grain,
    if(grain = 'month', addMonths(first_day, later), addMonths(first_day, 3 * later)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    dimension,
    dimension_value,
    policy,
    toDecimal128(intDiv(at_close - if(later = 0, moved, 0), 1000000), 6) / 1000000 AS opening,
    toDecimal128(intDiv(if(later = 0, by_new, 0), 1000000), 6) / 1000000 AS new,
    toDecimal128(intDiv(if(later = 0, by_expansion, 0), 1000000), 6) / 1000000 AS expansion,
    toDecimal128(intDiv(if(later = 0, by_contraction, 0), 1000000), 6) / 1000000 AS contraction,
    toDecimal128(intDiv(if(later = 0, by_churn, 0), 1000000), 6) / 1000000 AS churn,
    toDecimal128(intDiv(if(later = 0, by_reactivation, 0), 1000000), 6) / 1000000 AS reactivation,
    toDecimal128(intDiv(if(later = 0, by_pause, 0), 1000000), 6) / 1000000 AS pause,
    toDecimal128(intDiv(if(later = 0, by_resume, 0), 1000000), 6) / 1000000 AS resume,
    toDecimal128(intDiv(if(later = 0, by_fx, 0), 1000000), 6) / 1000000 AS fx,
    toDecimal128(intDiv(if(later = 0, by_transfer, 0), 1000000), 6) / 1000000 AS transfer,
    toDecimal128(intDiv(if(later = 0, by_handed_over, 0), 1000000), 6) / 1000000 AS handed_over,
    toDecimal128(intDiv(at_close, 1000000), 6) / 1000000 AS closing,
    contraction + pause AS contracted,
    expansion + resume AS expanded,
    toDecimal128(intDiv(if(later = 0, by_upsell, 0), 1000000), 6) / 1000000 AS upsell,
    toDecimal128(intDiv(if(later = 0, by_cross_sell, 0), 1000000), 6) / 1000000 AS cross_sell,
    toInt64(if(later = 0, unpriced, 0)) AS without_rate,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        *,
        sum(moved) OVER (
            PARTITION BY grain, dimension, dimension_value, policy ORDER BY first_day ROWS UNBOUNDED PRECEDING
        ) AS at_close,
        leadInFrame(first_day, 1, if(
            grain = 'month',
            addMonths(toStartOfMonth(toDate(${now}, '${zone}')), 1),
            addMonths(toStartOfQuarter(toDate(${now}, '${zone}')), 3)
        )) OVER (
            PARTITION BY grain, dimension, dimension_value, policy ORDER BY first_day
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next_day,
        range(toUInt32(intDiv(dateDiff('month', first_day, next_day), if(grain = 'month', 1, 3)))) AS windows
    FROM
    (
        SELECT
            grain,
            if(grain = 'month', month, toStartOfQuarter(month)) AS first_day,
            dimension,
            dimension_value,
            policy,
            sum(shifted) AS moved,
            sumIf(shifted, kind = 'new') AS by_new,
            sumIf(shifted, kind = 'expansion') AS by_expansion,
            sumIf(shifted, kind = 'contraction') AS by_contraction,
            sumIf(shifted, kind = 'churn') AS by_churn,
            sumIf(shifted, kind = 'reactivation') AS by_reactivation,
            sumIf(shifted, kind = 'pause') AS by_pause,
            sumIf(shifted, kind = 'resume') AS by_resume,
            sumIf(shifted, kind = 'fx') AS by_fx,
            sumIf(shifted, kind = 'transfer') AS by_transfer,
            sumIf(shifted, kind = 'handed_over') AS by_handed_over,
            sumIf(shifted, line = 'upsell') AS by_upsell,
            sumIf(shifted, line = 'cross_sell') AS by_cross_sell,
            sum(missing) AS unpriced
        FROM
        (
            SELECT
                month,
                dimension,
                multiIf(
                    dimension = 'plan', plan_id,
                    dimension = 'product_line', product_line,
                    dimension = 'manager', owner,
                    dimension = 'segment', segment,
                    ''
                ) AS dimension_value,
                policy,
                kind,
                line,
                shifted,
                missing
            FROM
            (
                SELECT
                    toStartOfMonth(toDate(least(moment, ${end_of_days}), '${zone}')) AS month,
                    policy,
                    kind,
                    line,
                    sum(moved_pico) AS shifted,
                    sum(without_rate) AS missing,
                    plan_id,
                    product_line,
                    owner,
                    segment,
                    1 AS one
                FROM ${cx}.mrr_moved
                GROUP BY month, policy, kind, line, plan_id, product_line, owner, segment
            ) AS _m
            INNER JOIN
            (
                SELECT arrayJoin(['all', 'plan', 'product_line', 'manager', 'segment']) AS dimension, 1 AS one
            ) AS _d ON _m.one = _d.one
            UNION ALL
            SELECT
                month,
                'account',
                account_id,
                policy,
                kind,
                line,
                shifted,
                missing
            FROM
            (
                SELECT
                    toStartOfMonth(toDate(least(moment, ${end_of_days}), '${zone}')) AS month,
                    account_id,
                    policy,
                    kind,
                    line,
                    sum(reported_pico) AS shifted,
                    sum(has_rate = 0) AS missing
                FROM ${cx}.mrr_flow
                GROUP BY month, account_id, policy, kind, line
            )
        )
        ARRAY JOIN ['month', 'quarter'] AS grain
        GROUP BY grain, first_day, dimension, dimension_value, policy
    )
)
ARRAY JOIN windows AS later
WHERE later = 0 OR at_close != 0
