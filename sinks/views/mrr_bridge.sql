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
*/
SELECT
    grain,
    window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    dimension,
    dimension_value,
    policy,
    toDecimal128(intDiv(sum(at_start), 1000000), 6) / 1000000 AS opening,
    toDecimal128(intDiv(sumIf(moved, kind = 'new'), 1000000), 6) / 1000000 AS new,
    toDecimal128(intDiv(sumIf(moved, kind = 'expansion'), 1000000), 6) / 1000000 AS expansion,
    toDecimal128(intDiv(sumIf(moved, kind = 'contraction'), 1000000), 6) / 1000000 AS contraction,
    toDecimal128(intDiv(sumIf(moved, kind = 'churn'), 1000000), 6) / 1000000 AS churn,
    toDecimal128(intDiv(sumIf(moved, kind = 'reactivation'), 1000000), 6) / 1000000 AS reactivation,
    toDecimal128(intDiv(sumIf(moved, kind = 'pause'), 1000000), 6) / 1000000 AS pause,
    toDecimal128(intDiv(sumIf(moved, kind = 'resume'), 1000000), 6) / 1000000 AS resume,
    toDecimal128(intDiv(sumIf(moved, kind = 'fx'), 1000000), 6) / 1000000 AS fx,
    toDecimal128(intDiv(sumIf(moved, kind = 'transfer'), 1000000), 6) / 1000000 AS transfer,
    closing - opening - new - expansion - contraction - churn - reactivation - pause - resume - fx - transfer AS handed_over,
    toDecimal128(intDiv(sum(at_end), 1000000), 6) / 1000000 AS closing,
    contraction + pause AS contracted,
    expansion + resume AS expanded,
    toDecimal128(intDiv(sumIf(moved, line = 'upsell'), 1000000), 6) / 1000000 AS upsell,
    toDecimal128(intDiv(sumIf(moved, line = 'cross_sell'), 1000000), 6) / 1000000 AS cross_sell,
    toInt64(sum(unpriced)) AS without_rate,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        grain,
        if(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
        dimension,
        dimension_value,
        policy,
        kind,
        line,
        toInt128(0) AS at_start,
        toInt128(0) AS at_end,
        reported_pico AS moved,
        toUInt8(has_rate = 0) AS unpriced
    FROM
    (
        SELECT
            *,
            toDate(moment, '${zone}') AS day,
            multiIf(
                dimension = 'account', account_id,
                dimension = 'plan', plan_id,
                dimension = 'product_line', product_line,
                dimension = 'manager', owner,
                dimension = 'segment', segment,
                ''
            ) AS dimension_value
        FROM
        (
            SELECT
                _f.*,
                tupleElement(arrayLast(p -> tupleElement(p, 1) <= _f.moment, _h.owners), 2) AS owner,
                tupleElement(arrayLast(p -> tupleElement(p, 1) <= _f.moment, _h.segments), 2) AS segment
            FROM ${cx}.mrr_flow AS _f
            LEFT JOIN ${cx}.account_slice AS _h ON _f.account_id = _h.account_id
        ) AS _o
        CROSS JOIN
        (
            SELECT arrayJoin(['all', 'account', 'plan', 'product_line', 'manager', 'segment']) AS dimension
        ) AS _d
        CROSS JOIN (SELECT arrayJoin(['month', 'quarter']) AS grain) AS _g
    )
    UNION ALL
    SELECT
        grain,
        if(is_end, first_day, if(grain = 'month', addMonths(first_day, 1), addMonths(first_day, 3))) AS window_start,
        dimension,
        dimension_value,
        policy,
        '',
        '',
        if(is_end, toInt128(0), at_close),
        if(is_end, at_close, toInt128(0)),
        toInt128(0),
        0
    FROM
    (
        SELECT
            arrayJoin(['month', 'quarter']) AS grain,
            if(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS first_day,
            dimension,
            dimension_value,
            policy,
            argMax(mrr_pico, day) AS at_close,
            arrayJoin([true, false]) AS is_end
        FROM ${cx}.mrr_daily
        GROUP BY grain, first_day, dimension, dimension_value, policy
    )
    WHERE at_close != 0 AND window_start <= toDate(${now}, '${zone}')
)
GROUP BY grain, window_start, dimension, dimension_value, policy
