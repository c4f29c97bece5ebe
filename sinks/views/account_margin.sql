/*
comment: Margins of projects and accounts by month, quarter and in total, in the reporting currency
columns:
  grain: month, quarter, or total for all time
  window_start: First day of the window, in the company's time zone; of total 1970-01-01
  window_end: First day after the window; of total 2149-06-06
  dimension: all, account, project, manager (owner as of the fact) or segment (as of the fact)
  dimension_value: Slice; empty for all, and for what belongs to none; of project the account's work without a project
  account_id: Account of a project; empty elsewhere
  value: Delivery margin in percent of the adjusted gross income; NULL where that is not above zero, or something is missing or hidden
  numerator: Adjusted gross income less what delivery cost; NULL where something is missing or hidden
  denominator: Adjusted gross income, revenue less what was passed through
  n: Invoice lines, costs and entries of time
  revenue: Invoiced without tax, less credit notes
  pass_through: Bought in the customer's stead
  contractors: Costs of contractors
  other_delivery: Other costs of delivery
  labour: What priced delivery hours cost; NULL where it is hidden
  unsorted: Costs of an unknown kind, which are in no other figure
  hours: Hours of delivery
  overhead_hours: Hours that are no delivery
  unsorted_hours: Hours of an unknown kind, which are in no other figure
  unpriced_hours: Hours of delivery without a rate in force, or without its exchange rate; they are not priced at nothing
  effective_rate: Adjusted gross income for an hour of delivery; NULL without hours, or where the income is not above zero
  cost_per_hour: What an hour of delivery cost, contractors and other costs included; NULL where something is missing or hidden
  margin_at_most: What the delivery margin can be at most, whatever the missing hours and unsorted costs come to
  without_rate: Amounts that are left out because their exchange rate is not known
  people: People who delivered
  is_hidden: 1 where what hours cost is not shown, because it would tell what a person costs
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Delivery margin
  formula: 100 * (AGI - delivery cost) / AGI, where AGI = revenue - pass-through and delivery cost = hours * rate + contractors + other delivery
  unit: percent; amounts in the reporting currency
  numerator: adjusted gross income less what delivery cost
  denominator: adjusted gross income
  interval: none, as the share of an amount is no count of independent cases
  source: adjusted gross income, effective and cost rate as agencies' consultants (Parakeeto, Laya) define them
  edge_cases: >-
    Revenue is what invoice lines ask for without tax, by the issue of the invoice, less its credit notes in proportion; a line that
    names no project belongs to the account. The kind of a cost entry decides what it is, and a contractor is pass-through only where
    the entry says so. Of media that are sold on dearer only the cost passes through. Hours cost what the rate card says as of
    the work: the person's rate, else the role's, else nobody knows, and then there is no margin but its upper bound. Late entries
    and rates change past windows. Money is converted by the exchange rate of its own moment. Where fewer people delivered than
    the policy margin_min_people says (2), what their hours cost is hidden.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    account_id,
    if(is_known, 100 * toFloat64(agi - cost) / toFloat64(agi), NULL) AS value,
    if(is_whole, toNullable(agi - cost), NULL) AS numerator,
    agi AS denominator,
    n,
    revenue,
    pass_through,
    contractors,
    other_delivery,
    if(is_hidden = 1, NULL, toNullable(priced)) AS labour,
    unsorted,
    minutes / 60 AS hours,
    overhead_minutes / 60 AS overhead_hours,
    unsorted_minutes / 60 AS unsorted_hours,
    unpriced_minutes / 60 AS unpriced_hours,
    if(minutes > 0 AND agi > 0 AND without_rate = 0, 60 * toFloat64(agi) / minutes, NULL) AS effective_rate,
    if(minutes > 0 AND is_whole, 60 * toFloat64(cost) / minutes, NULL) AS cost_per_hour,
    if(is_hidden = 0 AND without_rate = 0 AND agi > 0, 100 * toFloat64(agi - cost) / toFloat64(agi), NULL) AS margin_at_most,
    without_rate,
    people,
    is_hidden,
    toUInt8(grain != 'total' AND window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        * EXCEPT (labour),
        labour AS priced,
        labour + contractors + other_delivery AS cost,
        toUInt8(people > 0 AND people < (SELECT least FROM ${cx}.margin_people)) AS is_hidden,
        is_hidden = 0 AND unpriced_minutes = 0 AND unsorted_minutes = 0 AND unsorted = 0 AND without_rate = 0 AS is_whole,
        is_whole AND agi > 0 AS is_known
    FROM ${cx}.pay_account_margin
)
