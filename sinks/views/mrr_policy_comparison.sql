/*
comment: >-
  Recurring revenue by month as each policy states it, beside that of cxledger, with the difference explained by the
  movements that the policies do not share; in the reporting currency
columns:
  window_start: First day of the month, in the company's time zone
  dimension: all or account
  dimension_value: Account; empty for all
  policy: MRR policy that is compared with cxledger
  value: Its recurring revenue at the month's end, or now
  reference: That of cxledger
  difference: value less reference
  carried: Difference when the month began
  by_new: Movements of kind new in the month that it has more than cxledger
  by_expansion: Movements of kind expansion in the month that it has more than cxledger
  by_contraction: Movements of kind contraction in the month that it has more than cxledger
  by_churn: Movements of kind churn in the month that it has more than cxledger
  by_reactivation: Movements of kind reactivation in the month that it has more than cxledger
  by_pause: Movements of kind pause in the month that it has more than cxledger
  by_resume: Movements of kind resume in the month that it has more than cxledger
  by_fx: Movements of kind fx in the month that it has more than cxledger
  by_transfer: Movements of kind transfer in the month that it has more than cxledger
  is_final: 1 when the month has ended
metric:
  title: Recurring revenue under the policies of other products
  formula: mrr of the policy - mrr of cxledger = the difference at the month's start + the differences by kind of movement
  unit: reporting currency per month
  numerator: monthly recurring revenue as the policy counts it
  denominator: none, it is a stock
  interval: none
  source: the choices of Stripe, ChartMogul and ProfitWell (ADR 0088)
  edge_cases: A movement that two policies date differently is in both months; see mrr_flow for each by itself.
  version: 1
*/
SELECT
    month AS window_start,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    compared AS policy,
    toDecimal128(intDiv(sumIf(closing, of = compared), 1000000), 6) / 1000000 AS value,
    toDecimal128(intDiv(sumIf(closing, of = 'cxledger'), 1000000), 6) / 1000000 AS reference,
    value - reference AS difference,
    toDecimal128(intDiv(sum(opening * sign), 1000000), 6) / 1000000 AS carried,
    toDecimal128(intDiv(sum(new_pico * sign), 1000000), 6) / 1000000 AS by_new,
    toDecimal128(intDiv(sum(expansion_pico * sign), 1000000), 6) / 1000000 AS by_expansion,
    toDecimal128(intDiv(sum(contraction_pico * sign), 1000000), 6) / 1000000 AS by_contraction,
    toDecimal128(intDiv(sum(churn_pico * sign), 1000000), 6) / 1000000 AS by_churn,
    toDecimal128(intDiv(sum(reactivation_pico * sign), 1000000), 6) / 1000000 AS by_reactivation,
    toDecimal128(intDiv(sum(pause_pico * sign), 1000000), 6) / 1000000 AS by_pause,
    toDecimal128(intDiv(sum(resume_pico * sign), 1000000), 6) / 1000000 AS by_resume,
    toDecimal128(intDiv(sum(fx_pico * sign), 1000000), 6) / 1000000 AS by_fx,
    toDecimal128(intDiv(sum(transfer_pico * sign), 1000000), 6) / 1000000 AS by_transfer,
    toUInt8(addMonths(month, 1) <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        * EXCEPT (policy),
        policy AS of,
        arrayJoin(if(policy = 'cxledger', ['stripe', 'chartmogul', 'profitwell'], [policy])) AS compared,
        if(policy = 'cxledger', -1, 1) AS sign,
        arrayJoin([('all', ''), ('account', account_id)]) AS slice
    FROM ${cx}.mrr_account_month
)
GROUP BY month, slice, compared
