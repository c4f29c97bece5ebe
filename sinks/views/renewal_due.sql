/*
comment: >-
  Renewals that nobody has decided and that are due within 90 days or were already, with what their account owes and asks; the
  list of a manager's calls
columns:
  account_id: Account
  contract_id: Contract
  owner: Manager who owns the account when it is due, as far as known; empty when nobody does
  due_at: When it is due by the newest word, UTC
  first_due_at: When it was due as first stated, UTC
  days_left: Days until the due day, in the company's time zone; below 0 once it is over
  horizon_days: 0 when the due day is over, else 30, 60 or 90, the least that it lies within
  notice_at: By when notice must be given, UTC
  notice_days_left: Days until then; below 0 once they are over
  is_auto_renew: 1 when it renews itself unless notice is given in time
  status: open, overdue or unknown (the outcome is a word that nobody knows)
  value: Value of one year
  currency: ISO 4217 currency of it
  is_handed_over: 1 when the account got another manager within 60 days before the due date
  open_receivables: What the account owes in that currency
  overdue_receivables: "Of that, past its due day"
  open_tickets: Tickets of the account that are neither solved, closed nor removed
  escalated_tickets: "Of these, escalated"
  score: Score of the customer's health now (the account, or the one that it counts as) by the shipped model or what replaced it, 0 to 100; NULL where too little is known
  band: Band of that score; empty without
  risk: Rule of the customer's worst open risk, the oldest of equals; empty without
  severity: Severity of that risk; empty without
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    _r.account_id AS account_id,
    _r.contract_id AS contract_id,
    _r.owner AS owner,
    _r.due_at AS due_at,
    _r.first_due_at AS first_due_at,
    _r.days_left AS days_left,
    multiIf(days_left < 0, 0, days_left <= 30, 30, days_left <= 60, 60, 90) AS horizon_days,
    _r.notice_at AS notice_at,
    toInt64(toDate(least(assumeNotNull(_r.notice_at), ${end_of_days}), '${zone}') - toDate(${now}, '${zone}')) AS notice_days_left,
    _r.is_auto_renew AS is_auto_renew,
    _r.status AS status,
    _r.value AS value,
    _r.currency AS currency,
    _r.is_handed_over AS is_handed_over,
    ifNull(_i.open_amount, toDecimal128(0, 6)) AS open_receivables,
    ifNull(_i.overdue_amount, toDecimal128(0, 6)) AS overdue_receivables,
    toInt64(ifNull(_t.tickets, 0)) AS open_tickets,
    toInt64(ifNull(_t.escalated, 0)) AS escalated_tickets,
    _h.score AS score,
    _h.band AS band,
    _w.risk AS risk,
    _w.severity AS severity,
    _r.entities AS entities
FROM
(
    SELECT
        *,
        value_before AS value,
        toInt64(toDate(least(due_at, ${end_of_days}), '${zone}') - toDate(${now}, '${zone}')) AS days_left
    FROM ${cx}.renewal_course
    WHERE is_decided = 0 AND due_at < ${now} + toIntervalDay(92)
) AS _r
LEFT JOIN
(
    SELECT
        account_id,
        toString(currency) AS owed_in,
        sum(toDecimal128(open_micros, 6)) / 1000000 AS open_amount,
        sumIf(toDecimal128(open_micros, 6), due_at < ${now}) / 1000000 AS overdue_amount
    FROM ${cx}.invoice
    WHERE is_test = 0 AND open_micros > 0
    GROUP BY account_id, owed_in
) AS _i ON _r.account_id = _i.account_id AND _r.currency = _i.owed_in
LEFT JOIN
(
    SELECT account_id, count() AS tickets, countIf(escalations > 0) AS escalated
    FROM ${cx}.ticket
    WHERE is_test = 0 AND removed_at IS NULL AND status IN ('new', 'open', 'pending', 'hold')
    GROUP BY account_id
) AS _t ON _r.account_id = _t.account_id
LEFT JOIN ${cx}.account_identity AS _n ON _r.account_id = _n.account_id
LEFT JOIN
(
    SELECT account_id, toNullable(score) AS score, toString(band) AS band
    FROM ${cx}.health_now
    WHERE model_id = 'default' AND account_id IN
    (
        SELECT account_id FROM ${cx}.renewal WHERE decided_at IS NULL
        UNION ALL
        SELECT survivor_id FROM ${cx}.account_merge
        UNION ALL
        SELECT survivor_id FROM ${cx}.linked_account
    )
) AS _h ON if(_n.survivor_id = '', _r.account_id, _n.survivor_id) = _h.account_id
LEFT JOIN
(
    SELECT customer_id, toString(rule_id) AS risk, toString(severity) AS severity
    FROM ${cx}.risk_open
    WHERE is_worst = 1
) AS _w ON if(_n.survivor_id = '', _r.account_id, _n.survivor_id) = _w.customer_id
WHERE days_left <= 90
