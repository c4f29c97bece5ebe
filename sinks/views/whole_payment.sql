/*
comment: >-
  Payments, each once in every account that it concerns: what came in, what of it invoices have, and what waits. A payment
  that names its whole is one across accounts; what no invoice of any of them has waits in the first one by name
columns:
  account_id: Account
  payment_id: Payment
  currency: ISO 4217 currency of the amounts
  source: System and instance that reports it
  received_at: When the money was received, UTC; of a payment that does not name its whole, its first part
  is_whole: 1 where a source says how much it was, so that it came in once and as a whole
  method: Way of payment; empty when not told
  whole: What it was as a whole; 0 where nobody says
  parts: What invoices of this account have of it
  elsewhere: What invoices of other accounts have of it
  rest: What no invoice has, in the account in which it waits; never below zero
  not_here: What the account's own events leave over, and other accounts have or keep
  shares: Parts of it as (invoice, when it was received, from when the invoice has it, millionths, way of payment)
  entities: Entities whose events make the payment, kind:id, as the event table names them
  events: Events that tell of it
*/
SELECT
    _a.account_id AS account_id,
    _a.payment_id AS payment_id,
    _a.currency AS currency,
    _a.source AS source,
    _a.received_at AS received_at,
    _a.is_whole AS is_whole,
    _a.method AS method,
    toDecimal128(_a.told, 6) / 1000000 AS whole,
    toDecimal128(_a.own, 6) / 1000000 AS parts,
    toDecimal128(if(_s.accounts > 1, _s.in_all - _a.own, 0), 6) / 1000000 AS elsewhere,
    toDecimal128(
        multiIf(_s.accounts <= 1, _a.left_over, _s.holder = _a.account_id, greatest(_a.told - _s.in_all, 0), toInt128(0)), 6
    ) / 1000000 AS rest,
    toDecimal128(_a.left_over, 6) / 1000000 - rest AS not_here,
    _a.shares AS shares,
    _a.entities AS entities,
    _a.events AS events
FROM
(
    SELECT
        account_id,
        payment_id,
        currency,
        argMin(said_source, (at, said_source)) AS source,
        countIf(is_receipt) > 0 AS has_receipt,
        toInt128(if(has_receipt, maxIf(said_whole, is_receipt), max(said_whole))) AS told,
        toUInt8(told > 0) AS is_whole,
        if(has_receipt, minIf(at, is_receipt), min(at)) AS received_at,
        argMin(said_method, (at, said_method)) AS method,
        sum(part) AS own,
        if(told > 0, greatest(told - own, 0), toInt128(0)) AS left_over,
        arraySort(groupArrayIf(share, NOT is_receipt)) AS shares,
        arraySort(groupArray(entity)) AS entities,
        arraySort(groupUniqArray(event_id)) AS events
    FROM
    (
        SELECT
            account_id,
            payment_id,
            toString(currency) AS currency,
            toString(source) AS said_source,
            0 AS is_receipt,
            paid_at AS at,
            toString(method) AS said_method,
            toInt128(amount_micros) AS part,
            ifNull(payment_micros, 0) AS said_whole,
            (invoice_id, paid_at, used_at, part, said_method) AS share,
            concat('invoice:', invoice_id) AS entity,
            event_id
        FROM ${cx}.payment
        WHERE is_test = 0
        UNION ALL
        SELECT
            account_id,
            payment_id,
            toString(currency),
            toString(source),
            1,
            received_at,
            toString(method),
            0,
            amount_micros,
            ('', received_at, received_at, toInt128(0), ''),
            concat('receipt:', payment_id),
            event_id
        FROM ${cx}.receipt
        WHERE is_test = 0
    )
    GROUP BY account_id, payment_id, currency
) AS _a
LEFT JOIN
(
    -- Payments of a known whole that more than one account has parts of; each account's own word is worked out as above.
    SELECT source, payment_id, currency, told, received_at, sum(own) AS in_all, min(account_id) AS holder, count() AS accounts
    FROM
    (
        SELECT
            account_id,
            payment_id,
            currency,
            argMin(said_source, (at, said_source)) AS source,
            countIf(is_receipt) > 0 AS has_receipt,
            toInt128(if(has_receipt, maxIf(said_whole, is_receipt), max(said_whole))) AS told,
            if(has_receipt, minIf(at, is_receipt), min(at)) AS received_at,
            sum(part) AS own
        FROM
        (
            SELECT
                account_id,
                payment_id,
                toString(currency) AS currency,
                toString(source) AS said_source,
                0 AS is_receipt,
                paid_at AS at,
                toInt128(amount_micros) AS part,
                ifNull(payment_micros, 0) AS said_whole
            FROM ${cx}.payment
            WHERE is_test = 0 AND (account_id, payment_id) IN
            (
                SELECT account_id, payment_id FROM ${cx}.payment WHERE payment_micros IS NOT NULL
                UNION ALL
                SELECT account_id, payment_id FROM ${cx}.receipt
            )
            UNION ALL
            SELECT
                account_id, payment_id, toString(currency), toString(source), 1, received_at, toInt128(0), amount_micros
            FROM ${cx}.receipt
            WHERE is_test = 0
        )
        GROUP BY account_id, payment_id, currency
        HAVING told > 0
    )
    GROUP BY source, payment_id, currency, told, received_at
    HAVING accounts > 1
) AS _s
    ON _a.source = _s.source AND _a.payment_id = _s.payment_id AND _a.currency = _s.currency AND _a.told = _s.told
    AND _a.received_at = _s.received_at
