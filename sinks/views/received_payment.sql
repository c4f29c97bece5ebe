/*
comment: >-
  Money received, one row per payment and invoice that it pays, one for what of a payment no invoice has, and one for what
  banks took back of either, below zero, at its own time
columns:
  moment: When the money was received, or left again, UTC; a payment of a known whole was received once
  credited_at: When the payment was received whose manager the amount is credited to, UTC
  account_id: Account that paid
  fact_id: Payment and invoice, as payment/invoice; of a return, return/payment/invoice
  kind: part, rest or returned
  currency: ISO 4217 currency of the amount
  amount: Part of the payment that pays the invoice; below zero for a return
  method: Way of payment; empty when not told
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    if(_w.is_whole = 1, _w.received_at, _p.paid_at) AS moment,
    moment AS credited_at,
    _p.account_id AS account_id,
    concat(_p.payment_id, '/', _p.invoice_id) AS fact_id,
    'part' AS kind,
    _p.currency AS currency,
    toDecimal128(_p.amount_micros, 6) / 1000000 AS amount,
    _p.method AS method,
    if(_w.is_whole = 1, _w.entities, [concat('invoice:', _p.invoice_id)]) AS entities
FROM
(
    SELECT account_id, payment_id, invoice_id, toString(currency) AS currency, amount_micros, paid_at, toString(method) AS method
    FROM ${cx}.payment
    WHERE is_test = 0
) AS _p
LEFT JOIN ${cx}.whole_payment AS _w
    ON _p.account_id = _w.account_id AND _p.payment_id = _w.payment_id AND _p.currency = _w.currency
UNION ALL
SELECT received_at, received_at, account_id, concat(payment_id, '/'), 'rest', currency, rest, method, entities
FROM ${cx}.whole_payment
WHERE rest > 0
UNION ALL
SELECT
    _r.returned_at,
    if(_w.payment_id = '', _r.returned_at, _w.received_at),
    _r.account_id,
    concat(_r.return_id, '/', _r.payment_id, '/', _r.invoice_id),
    'returned',
    _r.currency,
    -toDecimal128(_r.amount_micros, 6) / 1000000,
    _w.method,
    arrayDistinct(arrayConcat(
        [if(_r.invoice_id = '', concat('receipt:', _r.payment_id), concat('invoice:', _r.invoice_id))], _w.entities
    ))
FROM
(
    SELECT account_id, return_id, payment_id, invoice_id, toString(currency) AS currency, amount_micros, returned_at
    FROM ${cx}.payment_return
    WHERE is_test = 0
) AS _r
LEFT JOIN ${cx}.whole_payment AS _w
    ON _r.account_id = _w.account_id AND _r.payment_id = _w.payment_id AND _r.currency = _w.currency
