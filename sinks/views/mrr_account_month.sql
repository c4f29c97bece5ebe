/*
comment: >-
  Recurring revenue of every account by month, from its first movement on, as movements make it, in units of 10^-12 of
  the reporting currency
columns:
  account_id: Account
  policy: MRR policy
  month: First day of the month, in the company's time zone
  opening: Revenue when the month began
  closing: Revenue when it ended, or now
  new_pico: Movements of kind new
  expansion_pico: Movements of kind expansion
  contraction_pico: Movements of kind contraction
  churn_pico: Movements of kind churn
  reactivation_pico: Movements of kind reactivation
  pause_pico: Movements of kind pause
  resume_pico: Movements of kind resume
  fx_pico: Movements of kind fx
  transfer_pico: Movements of kind transfer
  is_paused: 1 when it has no revenue at the end because everything is paused
  plan_id: Plan that brings most of its revenue at the end, of equals the first by name; empty when none does
  product_line: The same of product lines; empty also when not told
*/
SELECT
    account_id,
    policy,
    addMonths(moved_in, later) AS month,
    if(later = 0, total - moved, total) AS opening,
    total AS closing,
    if(later = 0, by_new, toInt128(0)) AS new_pico,
    if(later = 0, by_expansion, toInt128(0)) AS expansion_pico,
    if(later = 0, by_contraction, toInt128(0)) AS contraction_pico,
    if(later = 0, by_churn, toInt128(0)) AS churn_pico,
    if(later = 0, by_reactivation, toInt128(0)) AS reactivation_pico,
    if(later = 0, by_pause, toInt128(0)) AS pause_pico,
    if(later = 0, by_resume, toInt128(0)) AS resume_pico,
    if(later = 0, by_fx, toInt128(0)) AS fx_pico,
    if(later = 0, by_transfer, toInt128(0)) AS transfer_pico,
    toUInt8(last_kind = 'pause' AND total <= 0) AS is_paused,
    tupleElement(plans, 1)[indexOf(tupleElement(plans, 2), arrayMax(tupleElement(plans, 2)))] AS plan_id,
    tupleElement(lines, 1)[indexOf(tupleElement(lines, 2), arrayMax(tupleElement(lines, 2)))] AS product_line
FROM
(
    SELECT
        *,
        sum(moved) OVER until_then AS total,
        sumMap(by_plan) OVER until_then AS plans,
        sumMap(by_line) OVER until_then AS lines,
        leadInFrame(moved_in, 1, addMonths(toStartOfMonth(toDate(${now}, '${zone}')), 1)) OVER (
            PARTITION BY account_id, policy ORDER BY moved_in ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next_month,
        arrayJoin(range(toUInt32(dateDiff('month', moved_in, next_month)))) AS later
    FROM
    (
        SELECT
            account_id,
            policy,
            toStartOfMonth(toDate(least(moment, ${end_of_days}), '${zone}')) AS moved_in,
            sum(reported_pico) AS moved,
            sumIf(reported_pico, kind = 'new') AS by_new,
            sumIf(reported_pico, kind = 'expansion') AS by_expansion,
            sumIf(reported_pico, kind = 'contraction') AS by_contraction,
            sumIf(reported_pico, kind = 'churn') AS by_churn,
            sumIf(reported_pico, kind = 'reactivation') AS by_reactivation,
            sumIf(reported_pico, kind = 'pause') AS by_pause,
            sumIf(reported_pico, kind = 'resume') AS by_resume,
            sumIf(reported_pico, kind = 'fx') AS by_fx,
            sumIf(reported_pico, kind = 'transfer') AS by_transfer,
            argMaxIf(kind, (moment, kind = 'pause'), kind != 'fx') AS last_kind,
            sumMap([plan_id], [reported_pico]) AS by_plan,
            sumMap([product_line], [reported_pico]) AS by_line
        FROM ${cx}.mrr_flow
        GROUP BY account_id, policy, moved_in
    )
    WINDOW until_then AS (PARTITION BY account_id, policy ORDER BY moved_in ROWS UNBOUNDED PRECEDING)
)
