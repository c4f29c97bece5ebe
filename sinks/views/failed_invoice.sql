/*
comment: Invoices whose collection failed, by their first failure, and what became of them
columns:
  moment: When an attempt first failed, or a bank took a payment back, UTC; the cohort that it belongs to
  account_id: Account to be charged
  fact_id: Invoice
  currency: ISO 4217 currency of the amounts
  amount: What the first failed attempt was to collect
  recovered: Of that, what was paid afterwards, by whatever means, and not taken back again
  outcome: recovered, in_recovery or not_recovered
  ended_by: paid, exhausted (the source says so), written_off, void, or overdue (past the dunning days); empty in recovery
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    currency,
    amount,
    least(amount, greatest(paid_after, 0)) AS recovered,
    multiIf(ended_by = 'paid', 'recovered', ended_by = '', 'in_recovery', 'not_recovered') AS outcome,
    multiIf(
        paid_after >= amount OR status = 'paid', 'paid',
        status = 'void', 'void',
        status IN ('written_off', 'credited'), 'written_off',
        dunning_outcome = 'EXHAUSTED', 'exhausted',
        gives_up_at <= ${now}, 'overdue',
        ''
    ) AS ended_by,
    [concat('invoice:', fact_id)] AS entities
FROM
(
    SELECT
        _f.moment AS moment,
        _f.account_id AS account_id,
        _f.invoice_id AS fact_id,
        _f.currency AS currency,
        _f.amount AS amount,
        _i.status AS status,
        _i.dunning_outcome AS dunning_outcome,
        greatest(ifNull(_i.due_at, _f.moment), _f.moment) + toIntervalDay(_w.days) AS gives_up_at,
        arraySum(
            arrayMap(
                each -> tupleElement(each, 2),
                arrayFilter(each -> tupleElement(each, 1) >= _f.moment AND tupleElement(each, 3) = _f.currency, _p.payments)
            )
        ) AS paid_after
    FROM
    (
        SELECT
            'dunning_days' AS policy,
            account_id,
            invoice_id,
            min(at) AS moment,
            toString(argMin(currency, (at, attempt_no, attempt_id))) AS currency,
            toDecimal128(argMin(amount_micros, (at, attempt_no, attempt_id)), 6) / 1000000 AS amount
        FROM ${cx}.payment_attempt
        WHERE outcome = 'failed' AND is_test = 0
        GROUP BY account_id, invoice_id
    ) AS _f
    ASOF LEFT JOIN ${cx}.dunning_window AS _w ON _f.policy = _w.policy AND _f.moment >= _w.valid_from
    LEFT JOIN
    (
        SELECT account_id, invoice_id, toString(status) AS status, toString(dunning_outcome) AS dunning_outcome, due_at
        FROM ${cx}.invoice
    ) AS _i ON _f.account_id = _i.account_id AND _f.invoice_id = _i.invoice_id
    LEFT JOIN
    (
        SELECT
            account_id,
            invoice_id,
            groupArray((at, toDecimal128(micros, 6) / 1000000, currency)) AS payments
        FROM
        (
            SELECT account_id, invoice_id, paid_at AS at, toInt128(amount_micros) AS micros, toString(currency) AS currency
            FROM ${cx}.payment
            UNION ALL
            -- What came back takes a payment away that came after the first failure, and no other.
            SELECT _b.account_id, _b.invoice_id, _q.paid_at, -toInt128(_b.amount_micros), toString(_b.currency)
            FROM ${cx}.payment_return AS _b
            INNER JOIN (SELECT account_id, payment_id, invoice_id, paid_at FROM ${cx}.payment) AS _q
                ON _b.account_id = _q.account_id AND _b.payment_id = _q.payment_id AND _b.invoice_id = _q.invoice_id
        )
        GROUP BY account_id, invoice_id
    ) AS _p ON _f.account_id = _p.account_id AND _f.invoice_id = _p.invoice_id
)
