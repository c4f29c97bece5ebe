/*
comment: >-
  Portfolios at the end of every day: what each manager, pod and group has in its accounts, what belongs to accounts that nobody
  owns as a line of its own, and all of it. Stocks stand with whoever owns the account at the end of the day, whoever owned it
  when the fact happened; what happened is credited by its own date in the metrics by manager. Money goes by the shares of an
  account at the end of the day, where any are told of; accounts and all that is counted go whole with the owner. Lines of managers
  add up to all
columns:
  grain: day
  window_start: Day, in the company's time zone
  window_end: The day after it
  dimension: "all, manager, pod or group (lead of the pod): as the assignment says that holds at the end of the day; today, now"
  dimension_value: Slice; empty for all, and for what nobody owns, or what is owned in no pod or group
  accounts: Accounts that were told of or assigned by then, without those of former customers
  credited_accounts: Accounts by share, where a manager with a quarter of one has 0.25 of it
  band: below, within or above the number of accounts that a manager should have (metric_setting portfolio_least and portfolio_most); empty where it is no manager
  mrr: Recurring revenue per month in the reporting currency, by the policy cxledger, exact
  without_rate: Items of revenue without an exchange rate, which mrr leaves out
  overdue: Open balance of invoices past their due day, by currency; currencies are never added up
  overdue_invoices: Invoices past their due day
  renewals_due: Contracts with a renewal undecided and due within 90 days
  renewals_value: Yearly value of these, by currency
  open_tickets: Tickets neither solved, closed nor removed
  nps: Net Promoter Score of the accounts, in points, of the latest answer of each person in the 90 days that end with the day; NULL without answers
  nps_n: Answers of these, one per person
  nps_ci_low: Lower bound of the 95 % interval, adjusted Wald
  nps_ci_high: Upper bound of it
  low_sample: 1 when nps_n is below the low-sample threshold
  asked_30d: Public messages of requesters of the accounts in the 30 days that end with the day, where business hours are known
  asked_outside_30d: Of these, sent outside of business hours
  outside_share: Share of these, in percent; NULL without any message
  replied_outside_30d: Public messages of people who answered them outside of business hours in these days
  is_final: 1 when the day has ended
  as_of: Figures include what Kafka had stored by then, UTC
stored:
  order: [dimension, window_start, dimension_value]
*/
SELECT
    'day' AS grain,
    arrayJoin(
        arrayMap(
            each -> toDate(each),
            range(
                toUInt32(change_day),
                greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day))
            )
        )
    ) AS window_start,
    addDays(window_start, 1) AS window_end,
    dimension,
    dimension_value,
    toInt64(held_accounts) AS accounts,
    toDecimal64(held_bp, 4) / 10000 AS credited_accounts,
    multiIf(
        dimension != 'manager' OR dimension_value = '', '',
        held_accounts < ${portfolio_least}, 'below',
        held_accounts > ${portfolio_most}, 'above',
        'within'
    ) AS band,
    toDecimal128(held_pico, 12) / 1000000000000 AS mrr,
    toInt64(held_unpriced) AS without_rate,
    CAST(held_overdue, 'Map(String, Decimal(38, 6))') AS overdue,
    toInt64(held_invoices) AS overdue_invoices,
    toInt64(held_renewals) AS renewals_due,
    CAST(held_values, 'Map(String, Decimal(38, 6))') AS renewals_value,
    toInt64(held_tickets) AS open_tickets,
    if(n = 0, NULL, 100 * (promoters - detractors) / n) AS nps,
    toInt64(n) AS nps_n,
    ${nps_low} AS nps_ci_low,
    ${nps_high} AS nps_ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toInt64(held_asked) AS asked_30d,
    toInt64(held_asked_outside) AS asked_outside_30d,
    if(held_asked = 0, NULL, 100 * held_asked_outside / held_asked) AS outside_share,
    toInt64(held_replied_outside) AS replied_outside_30d,
    toUInt8(window_start < toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        dimension,
        dimension_value,
        change_day,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(more_accounts) OVER so_far AS held_accounts,
        sum(more_bp) OVER so_far AS held_bp,
        sum(more_pico) OVER so_far AS held_pico,
        sum(more_unpriced) OVER so_far AS held_unpriced,
        sumMap(more_overdue) OVER so_far AS held_overdue,
        sum(more_invoices) OVER so_far AS held_invoices,
        sumMap(more_values) OVER so_far AS held_values,
        sum(more_renewals) OVER so_far AS held_renewals,
        sum(more_tickets) OVER so_far AS held_tickets,
        sum(more_promoters) OVER so_far AS promoters,
        sum(more_detractors) OVER so_far AS detractors,
        sum(more_answers) OVER so_far AS n,
        sum(more_asked) OVER so_far AS held_asked,
        sum(more_asked_outside) OVER so_far AS held_asked_outside,
        sum(more_replied_outside) OVER so_far AS held_replied_outside
    FROM
    (
        SELECT
            tupleElement(slice, 1) AS dimension,
            tupleElement(slice, 2) AS dimension_value,
            change_day,
            sum(step_accounts) AS more_accounts,
            sum(step_bp) AS more_bp,
            sum(step_pico) AS more_pico,
            sum(step_unpriced) AS more_unpriced,
            sumMapIf([currency], [step_overdue], step_overdue != 0) AS more_overdue,
            sum(step_invoices) AS more_invoices,
            sumMapIf([currency], [step_values], step_values != 0) AS more_values,
            sum(step_renewals) AS more_renewals,
            sum(step_tickets) AS more_tickets,
            sum(step_promoters) AS more_promoters,
            sum(step_detractors) AS more_detractors,
            sum(step_answers) AS more_answers,
            sum(step_asked) AS more_asked,
            sum(step_asked_outside) AS more_asked_outside,
            sum(step_replied_outside) AS more_replied_outside
        FROM
        (
            -- First by owner, day and currency, so that the slices below multiply few rows, and maps are made of sums.
            SELECT
                manager_id,
                pod_id,
                lead_id,
                tupleElement(edge, 1) AS change_day,
                currency,
                sum(accounts * tupleElement(edge, 2)) AS step_accounts,
                sum(account_bp * tupleElement(edge, 2)) AS step_bp,
                sum(mrr_pico * tupleElement(edge, 2)) AS step_pico,
                sum(without_rate * tupleElement(edge, 2)) AS step_unpriced,
                sum(overdue * tupleElement(edge, 2)) AS step_overdue,
                sum(overdue_invoices * tupleElement(edge, 2)) AS step_invoices,
                sum(renewal_value * tupleElement(edge, 2)) AS step_values,
                sum(renewals * tupleElement(edge, 2)) AS step_renewals,
                sum(tickets * tupleElement(edge, 2)) AS step_tickets,
                sum(promoters * tupleElement(edge, 2)) AS step_promoters,
                sum(detractors * tupleElement(edge, 2)) AS step_detractors,
                sum(answers * tupleElement(edge, 2)) AS step_answers,
                sum(asked * tupleElement(edge, 2)) AS step_asked,
                sum(asked_outside * tupleElement(edge, 2)) AS step_asked_outside,
                sum(replied_outside * tupleElement(edge, 2)) AS step_replied_outside
            FROM (SELECT *, arrayJoin([(from_day, toInt8(1)), (until_day, toInt8(-1))]) AS edge FROM ${cx}.portfolio_part)
            WHERE tupleElement(edge, 1) <= toDate(${now}, '${zone}')
            GROUP BY manager_id, pod_id, lead_id, change_day, currency
        )
        ARRAY JOIN [('all', ''), ('manager', manager_id), ('pod', pod_id), ('group', lead_id)] AS slice
        GROUP BY dimension, dimension_value, change_day
    )
    WINDOW
        so_far AS (PARTITION BY dimension, dimension_value ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (
            PARTITION BY dimension, dimension_value ORDER BY change_day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
WHERE held_accounts != 0 OR held_bp != 0 OR held_pico != 0 OR held_unpriced != 0 OR held_invoices != 0 OR held_renewals != 0
    OR held_tickets != 0 OR n != 0 OR held_asked != 0 OR held_replied_outside != 0
    OR notEmpty(tupleElement(held_overdue, 1)) OR notEmpty(tupleElement(held_values, 1))
