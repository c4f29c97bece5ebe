/*
comment: Invoices that asked for money, by the day on which they were due, and whether they were settled late
columns:
  moment: When payment was due, by the newest word, UTC; the cohort that it belongs to
  account_id: Account that owed it
  fact_id: Invoice
  currency: ISO 4217 currency of the amount
  amount: What was asked for
  is_late: 1 when something was open at the end of the due day
  days_late: Days from the due day to the one that closed it, or to today while it is open; 0 when in time
  is_immature: 1 while it is open and its due day has not ended
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    currency,
    amount,
    toUInt8(days_late > 0) AS is_late,
    days_late,
    toUInt8(is_open AND due_day >= toDate(${now}, '${zone}')) AS is_immature,
    entities
FROM
(
    SELECT
        ifNull(_i.due_at, _i.issued_at + toIntervalDay(_t.days)) AS moment,
        _i.account_id AS account_id,
        _i.fact_id AS fact_id,
        _i.currency AS currency,
        _i.amount AS amount,
        _i.closed_at IS NULL AS is_open,
        toDate(least(moment, ${end_of_days}), '${zone}') AS due_day,
        toInt64(greatest(toDate(least(ifNull(_i.closed_at, ${now}), ${end_of_days}), '${zone}') - due_day, 0)) AS days_late,
        [concat('invoice:', _i.fact_id)] AS entities
    FROM
    (
        SELECT
            'payment_terms_days' AS policy,
            account_id,
            invoice_id AS fact_id,
            toString(currency) AS currency,
            toDecimal128(total_micros, 6) / 1000000 AS amount,
            assumeNotNull(issued_at) AS issued_at,
            due_at,
            closed_at
        FROM ${cx}.invoice
        WHERE issued_at IS NOT NULL AND status NOT IN ('void', 'credit') AND total_micros > 0 AND is_test = 0
    ) AS _i
    ASOF LEFT JOIN ${cx}.payment_term AS _t ON _i.policy = _t.policy AND _i.issued_at >= _t.valid_from
)
