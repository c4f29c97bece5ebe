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
  uses: Moments and amounts of the parts
  entities: Entities whose events make the payment, kind:id, as the event table names them
  events: Events that tell of it
*/
SELECT
    account_id,
    payment_id,
    currency,
    source,
    received_at,
    is_whole,
    method,
    toDecimal128(told, 6) / 1000000 AS whole,
    toDecimal128(own, 6) / 1000000 AS parts,
    toDecimal128(if(is_whole, in_all - own, 0), 6) / 1000000 AS elsewhere,
    toDecimal128(left_over, 6) / 1000000 AS rest,
    toDecimal128(if(is_whole, greatest(told - own, 0), 0) - left_over, 6) / 1000000 AS not_here,
    uses,
    entities,
    events
FROM
(
    SELECT
        *,
        sum(own) OVER same AS in_all,
        if(is_whole AND account_id = min(account_id) OVER same, greatest(told - in_all, 0), toInt128(0)) AS left_over
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
            groupArrayIf((used_at, part), NOT is_receipt) AS uses,
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
                used_at,
                toString(method) AS said_method,
                toInt128(amount_micros) AS part,
                ifNull(payment_micros, 0) AS said_whole,
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
                received_at,
                toString(method),
                0,
                amount_micros,
                concat('receipt:', payment_id),
                event_id
            FROM ${cx}.receipt
            WHERE is_test = 0
        )
        GROUP BY account_id, payment_id, currency
    )
    WINDOW same AS (PARTITION BY if(is_whole, ('', source, payment_id, currency, told, received_at), (account_id, source, payment_id, currency, toInt128(0), received_at)))
)
