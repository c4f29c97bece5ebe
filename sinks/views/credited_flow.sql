/*
comment: >-
  What happened to accounts' money, by month and quarter, credited to the managers who had a share of the account then, or owned it
  where no share was told of; lines of managers, pods and groups add up to all of it, and what was nobody's is a line of its own.
  Renewals are in renewal_credit
columns:
  grain: month or quarter
  window_start: First day of the window that the date of the fact lies in, in the company's time zone
  window_end: First day after the window
  kind: >-
    collected (money received, less what banks took back), refunded (money given back), and movements of recurring revenue by the policy
    cxledger, new, expansion, contraction, churn, reactivation, pause, resume, fx (by exchange rates alone) or transfer
  dimension: all, manager, pod or group (lead of the pod), as the assignment says that held then
  dimension_value: Slice; empty for all, and for what was nobody's, or somebody's in no pod or group
  currency: ISO 4217 currency of the amount; that of reports for movements, whose exchange rate is that of their own time
  amount: Sum of the parts of amounts, exact
  is_final: 1 when the window has ended
metric:
  title: Flows of money by share
  formula: sum of the parts of amounts that managers had a share of at the date of the fact
  unit: units of the currency; of movements, of the reporting currency per month
  numerator: parts of amounts
  denominator: none, it is a sum
  interval: none
  source: needs of firms that pay by collections, and of accounts with two managers
  edge_cases: >-
    Where no share was told of, the owner has all of it. What a bank takes back is taken off those who were credited with the payment.
    Shares above 100 % together are cut, the earlier assignments first, see credit_gap; what is nobody's is the line with an empty name. Parts
    of a fact add up to it to the last place. Movements have the exchange rate of their own time, and what rates alone bring is kind fx.
    Sums of nothing have no row. Currencies are never added up.
  version: 1
*/
SELECT
    grain,
    multiIf(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    kind,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    currency,
    toDecimal128(sum(part_pico), 12) / 1000000000000 AS amount,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        day,
        kind,
        currency,
        part_pico,
        arrayJoin([('all', ''), ('manager', manager_id), ('pod', pod_id), ('group', lead_id)]) AS slice,
        arrayJoin(['month', 'quarter']) AS grain
    FROM
    (
        SELECT day, kind, currency, manager_id, pod_id, lead_id, sum(pico) AS part_pico
        FROM ${cx}.credited_part
        GROUP BY day, kind, currency, manager_id, pod_id, lead_id
    )
)
WHERE day <= toDate(${now}, '${zone}')
GROUP BY grain, window_start, kind, dimension, dimension_value, currency
HAVING amount != 0
