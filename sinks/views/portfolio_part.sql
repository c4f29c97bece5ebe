/*
comment: >-
  What portfolios are made of: accounts, recurring revenue, overdue invoices, renewals, tickets, NPS answers and messages by span of days,
  split where the account's manager, pod or lead changes; the owner is that at the end of each day. Amounts go with the shares of an
  account, and add up to what they are parts of; what is counted goes with its owner
columns:
  account_id: Account
  manager_id: Manager who owned it then, or had a part of its money; empty when nobody did
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then; empty when not told
  from_day: First day at whose end it is so, in the company's time zone
  until_day: First day at whose end it is not so any more; 2149-06-06 while no end is known
  accounts: 1 for an account
  account_bp: Share of an account, in hundredths of a percent; those of one day are 10,000 together
  mrr_pico: Recurring revenue per month, in units of 10^-12 of the reporting currency, by the policy cxledger
  without_rate: 1 for an item of revenue without an exchange rate
  currency: ISO 4217 currency of the amounts; empty where there are none
  overdue: Open balance of an invoice past its due day
  overdue_invoices: 1 for such an invoice
  renewal_value: Value of one year of a contract whose renewal is undecided and due within 90 days
  renewals: 1 for such a contract
  tickets: 1 for a ticket neither solved, closed nor removed
  promoters: 1 for an answer of 9 or 10, the latest of its person within 90 days
  detractors: 1 for such an answer of 0 to 6
  answers: 1 for such an answer
  asked: Public messages of requesters within 30 days, where business hours are known
  asked_outside: "Of these, sent outside of business hours"
  replied: Public messages of people who answer within 30 days, where business hours are known
  replied_outside: "Of these, sent outside of business hours"
*/
SELECT
    account_id,
    tupleElement(owner, 3) AS manager_id,
    tupleElement(owner, 4) AS pod_id,
    tupleElement(owner, 5) AS lead_id,
    greatest(since, tupleElement(owner, 1)) AS from_day,
    least(until, tupleElement(owner, 2)) AS until_day,
    counted * tupleElement(owner, 8) AS accounts,
    counted * (tupleElement(owner, 7) - tupleElement(owner, 6)) AS account_bp,
    -- A part ends where the next one begins, rounded alike: so parts add up to the whole, and take back what they gave.
    intDiv(whole_pico * tupleElement(owner, 7), 10000) - intDiv(whole_pico * tupleElement(owner, 6), 10000) AS mrr_pico,
    unpriced * tupleElement(owner, 8) AS without_rate,
    currency,
    whole_overdue * tupleElement(owner, 7) / 10000 - whole_overdue * tupleElement(owner, 6) / 10000 AS overdue,
    late_invoices * tupleElement(owner, 8) AS overdue_invoices,
    whole_value * tupleElement(owner, 7) / 10000 - whole_value * tupleElement(owner, 6) / 10000 AS renewal_value,
    contracts * tupleElement(owner, 8) AS renewals,
    waiting * tupleElement(owner, 8) AS tickets,
    pleased * tupleElement(owner, 8) AS promoters,
    displeased * tupleElement(owner, 8) AS detractors,
    scores * tupleElement(owner, 8) AS answers,
    questions * tupleElement(owner, 8) AS asked,
    questions_outside * tupleElement(owner, 8) AS asked_outside,
    replies * tupleElement(owner, 8) AS replied,
    replies_outside * tupleElement(owner, 8) AS replied_outside
FROM
(
    SELECT
        _m.*,
        arrayJoin(
            if(
                empty(_o.owners),
                [(toDate(0), toDate('2149-06-06'), '', '', '', toInt64(0), toInt64(10000), toUInt8(1))],
                arrayFilter(
                    each -> tupleElement(each, 1) < _m.until AND tupleElement(each, 2) > _m.since, _o.owners
                )
            )
        ) AS owner
    FROM
    (
        SELECT
            account_id,
            tupleElement(day, 1) AS since,
            tupleElement(day, 2) AS until,
            toInt64(1) AS counted,
            toInt128(0) AS whole_pico,
            toInt64(0) AS unpriced,
            '' AS currency,
            toDecimal128(0, 6) AS whole_overdue,
            toInt64(0) AS late_invoices,
            toDecimal128(0, 6) AS whole_value,
            toInt64(0) AS contracts,
            toInt64(0) AS waiting,
            toInt64(0) AS pleased,
            toInt64(0) AS displeased,
            toInt64(0) AS scores,
            toInt64(0) AS questions,
            toInt64(0) AS questions_outside,
            toInt64(0) AS replies,
            toInt64(0) AS replies_outside
        FROM ${cx}.portfolio_account
        ARRAY JOIN active AS day
        UNION ALL
        SELECT
            account_id,
            toDate(least(_i.since, ${end_of_days}), '${zone}') AS first_day,
            if(_i.until > ${now}, toDate('2149-06-06'), toDate(least(_i.until, ${end_of_days}), '${zone}')) AS last_day,
            0,
            sum(toInt128(mrr_micros) * rate),
            sum(toInt64(rate <= 0)),
            '',
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        FROM ${cx}.mrr_reported AS _i
        WHERE policy = 'cxledger' AND _i.since <= ${now}
        GROUP BY account_id, first_day, last_day
        UNION ALL
        SELECT
            account_id,
            greatest(from_day, addDays(due_day, 1)) AS late_day,
            until_day,
            0, 0, 0,
            currency,
            amount,
            1,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0
        FROM ${cx}.receivable_span
        WHERE late_day < until_day
        UNION ALL
        SELECT account_id, from_day, until_day, 0, 0, 0, currency, 0, 0, value, 1, 0, 0, 0, 0, 0, 0, 0, 0
        FROM ${cx}.renewal_due_day
        WHERE horizon_days = 90
        UNION ALL
        SELECT
            account_id,
            toDate(least(from_at, ${end_of_days}), '${zone}') AS first_day,
            toDate(least(until_at, ${end_of_days}), '${zone}') AS last_day,
            0, 0, 0, '', 0, 0, 0, 0,
            1,
            0, 0, 0, 0, 0, 0, 0
        FROM ${cx}.backlog_span
        WHERE first_day < last_day
        UNION ALL
        SELECT
            account_id,
            answer_day,
            least(addDays(answer_day, 90), next_day),
            0, 0, 0, '', 0, 0, 0, 0, 0,
            toInt64(score >= 9),
            toInt64(score <= 6),
            1,
            0, 0, 0, 0
        FROM
        (
            SELECT
                *,
                toDate(least(moment, ${end_of_days}), '${zone}') AS answer_day,
                leadInFrame(answer_day, 1, toDate('2149-06-06')) OVER (
                    PARTITION BY account_id, person ORDER BY moment, fact_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                ) AS next_day
            FROM ${cx}.nps_score
        )
        WHERE answer_day < next_day
        UNION ALL
        SELECT
            account_id,
            toDate(least(moment, ${end_of_days}), '${zone}') AS sent_day,
            addDays(sent_day, 30),
            0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0,
            toInt64(sum(is_asked)),
            toInt64(sum(is_asked * is_outside)),
            toInt64(sum(1 - is_asked)),
            toInt64(sum((1 - is_asked) * is_outside))
        FROM
        (
            SELECT account_id, moment, is_asked, assumeNotNull(_c.is_outside) AS is_outside
            FROM ${cx}.counted_message AS _c
            WHERE _c.is_outside IS NOT NULL
        )
        GROUP BY account_id, sent_day
    ) AS _m
    LEFT JOIN ${cx}.portfolio_account AS _o ON _m.account_id = _o.account_id
    WHERE _m.since < _m.until
)
WHERE tupleElement(owner, 8) = 1 OR counted != 0 OR whole_pico != 0 OR whole_overdue != 0 OR whole_value != 0
