/*
comment: >-
  What stands with every customer, an account with all that count as it after merges: one row per customer and span of days. As of
  the end of any day D: WHERE from_day <= D AND until_day > D. A merge moves what the merged account has to the survivor from its
  day on, its end gives it back, and the days before stay as they were; all customers together have what all accounts have
columns:
  customer_id: Account that others may count as
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more; 2149-06-06 where nothing has changed since
  mrr: Recurring revenue per month in the reporting currency, by the policy cxledger
  without_rate: Items of revenue without an exchange rate, which mrr leaves out
  open: Open balance of invoices, by currency; currencies are never added up
  open_invoices: Invoices with something open
  overdue: Of the balance, past the due day, by currency
  overdue_invoices: Invoices past their due day
  renewals_due: Contracts with a renewal undecided and due within 90 days
  renewals_value: Yearly value of these, by currency
  open_tickets: Tickets neither solved, closed nor removed
  nps: >-
    Net Promoter Score in points, of the latest answer of each person to each account in the 90 days that end with the day; NULL
    without answers
  nps_n: Answers of these
*/
SELECT
    customer_id,
    change_day AS from_day,
    next_day AS until_day,
    toDecimal128(intDiv(held_pico, 1000000), 6) / 1000000 AS mrr,
    toInt64(held_unpriced) AS without_rate,
    CAST(held_open, 'Map(String, Decimal(38, 6))') AS open,
    toInt64(held_open_invoices) AS open_invoices,
    CAST(held_overdue, 'Map(String, Decimal(38, 6))') AS overdue,
    toInt64(held_invoices) AS overdue_invoices,
    toInt64(held_renewals) AS renewals_due,
    CAST(held_values, 'Map(String, Decimal(38, 6))') AS renewals_value,
    toInt64(held_tickets) AS open_tickets,
    if(n = 0, NULL, 100 * (held_promoters - held_detractors) / n) AS nps,
    toInt64(n) AS nps_n
FROM
(
    SELECT
        customer_id,
        change_day,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(more_pico) OVER so_far AS held_pico,
        sum(more_unpriced) OVER so_far AS held_unpriced,
        sumMap(more_open) OVER so_far AS held_open,
        sum(more_open_invoices) OVER so_far AS held_open_invoices,
        sumMap(more_overdue) OVER so_far AS held_overdue,
        sum(more_invoices) OVER so_far AS held_invoices,
        sumMap(more_values) OVER so_far AS held_values,
        sum(more_renewals) OVER so_far AS held_renewals,
        sum(more_tickets) OVER so_far AS held_tickets,
        sum(more_promoters) OVER so_far AS held_promoters,
        sum(more_detractors) OVER so_far AS held_detractors,
        sum(more_answers) OVER so_far AS n
    FROM
    (
        SELECT
            customer_id,
            tupleElement(edge, 1) AS change_day,
            sum(mrr_pico * tupleElement(edge, 2)) AS more_pico,
            sum(without_rate * tupleElement(edge, 2)) AS more_unpriced,
            sumMapIf([currency], [open * tupleElement(edge, 2)], open != 0) AS more_open,
            sum(open_invoices * tupleElement(edge, 2)) AS more_open_invoices,
            sumMapIf([currency], [overdue * tupleElement(edge, 2)], overdue != 0) AS more_overdue,
            sum(overdue_invoices * tupleElement(edge, 2)) AS more_invoices,
            sumMapIf([currency], [renewal_value * tupleElement(edge, 2)], renewal_value != 0) AS more_values,
            sum(renewals * tupleElement(edge, 2)) AS more_renewals,
            sum(tickets * tupleElement(edge, 2)) AS more_tickets,
            sum(promoters * tupleElement(edge, 2)) AS more_promoters,
            sum(detractors * tupleElement(edge, 2)) AS more_detractors,
            sum(answers * tupleElement(edge, 2)) AS more_answers
        FROM (SELECT *, arrayJoin([(from_day, toInt8(1)), (until_day, toInt8(-1))]) AS edge FROM ${cx}.customer_part)
        WHERE tupleElement(edge, 1) <= toDate(${now}, '${zone}')
        GROUP BY customer_id, change_day
    )
    WINDOW
        so_far AS (PARTITION BY customer_id ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (PARTITION BY customer_id ORDER BY change_day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
WHERE held_pico != 0 OR held_unpriced != 0 OR held_open_invoices != 0 OR held_renewals != 0
    OR held_tickets != 0 OR n != 0
