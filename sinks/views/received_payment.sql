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
    if(is_whole = 1, received_at, tupleElement(share, 2)) AS moment,
    moment AS credited_at,
    account_id,
    concat(payment_id, '/', tupleElement(share, 1)) AS fact_id,
    'part' AS kind,
    currency,
    toDecimal128(tupleElement(share, 4), 6) / 1000000 AS amount,
    tupleElement(share, 5) AS method,
    if(is_whole = 1, entities, [concat('invoice:', tupleElement(share, 1))]) AS entities
FROM ${cx}.whole_payment
ARRAY JOIN shares AS share
UNION ALL
SELECT received_at, received_at, account_id, concat(payment_id, '/'), 'rest', currency, rest, method, entities
FROM ${cx}.whole_payment
WHERE rest > 0
UNION ALL
SELECT
    _r.returned_at,
    multiIf(
        _w.payment_id = '', _r.returned_at,
        _w.is_whole = 1 OR NOT has(tupleElement(_w.shares, 1), _r.invoice_id), _w.received_at,
        tupleElement(arrayFirst(share -> tupleElement(share, 1) = _r.invoice_id, _w.shares), 2)
    ),
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
LEFT JOIN
(
    SELECT account_id, payment_id, currency, received_at, is_whole, shares, method, entities
    FROM ${cx}.whole_payment
    WHERE (account_id, payment_id) IN (SELECT account_id, payment_id FROM ${cx}.payment_return)
) AS _w
    ON _r.account_id = _w.account_id AND _r.payment_id = _w.payment_id AND _r.currency = _w.currency
