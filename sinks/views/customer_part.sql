/*
comment: >-
  What stands with customers, where a customer is an account with all that count as it: recurring revenue, open and overdue
  invoices, renewals, tickets and NPS answers of each account by span of days, split where it counts as another one
columns:
  customer_id: Account that it counts as at the end of these days
  account_id: Account that it was told of
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more; 2149-06-06 while no end is known
  mrr_pico: Recurring revenue per month, in units of 10^-12 of the reporting currency, by the policy cxledger
  without_rate: 1 for an item of revenue without an exchange rate
  currency: ISO 4217 currency of the amounts; empty where there are none
  open: Open balance of an invoice
  open_invoices: 1 for such an invoice
  overdue: Open balance of an invoice past its due day
  overdue_invoices: 1 for such an invoice
  renewal_value: Value of one year of a contract whose renewal is undecided and due within 90 days
  renewals: 1 for such a contract
  tickets: 1 for a ticket neither solved, closed nor removed
  promoters: 1 for an answer of 9 or 10, the latest of its person and account within 90 days
  detractors: 1 for such an answer of 0 to 6
  answers: 1 for such an answer
*/
SELECT
    tupleElement(tile, 3) AS customer_id,
    account_id,
    greatest(since, tupleElement(tile, 1)) AS from_day,
    least(until, tupleElement(tile, 2)) AS until_day,
    mrr_pico,
    without_rate,
    currency,
    open,
    open_invoices,
    overdue,
    overdue_invoices,
    renewal_value,
    renewals,
    tickets,
    promoters,
    detractors,
    answers
FROM
(
    SELECT
        _p.*,
        arrayJoin(
            if(
                empty(_c.course),
                [(toDate(0), toDate('2149-06-06'), _p.account_id)],
                arrayFilter(each -> tupleElement(each, 1) < _p.until AND tupleElement(each, 2) > _p.since, _c.course)
            )
        ) AS tile
    FROM
    (
        SELECT
            account_id,
            from_day AS since,
            until_day AS until,
            mrr_pico,
            without_rate,
            currency,
            toDecimal128(0, 6) AS open,
            toInt64(0) AS open_invoices,
            overdue,
            overdue_invoices,
            renewal_value,
            renewals,
            tickets,
            promoters,
            detractors,
            answers
        FROM ${cx}.portfolio_part
        WHERE accounts = 0 AND account_bp = 0
        UNION ALL
        SELECT account_id, from_day, until_day, 0, 0, currency, amount, 1, 0, 0, 0, 0, 0, 0, 0, 0
        FROM ${cx}.receivable_span
    ) AS _p
    LEFT JOIN ${cx}.customer_course AS _c ON _p.account_id = _c.account_id
)
