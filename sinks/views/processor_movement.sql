/*
comment: What moves the balance at a payment processor, summed by source, currency and moment
columns:
  source: System and instance that reports it
  currency: ISO 4217 currency of the amount
  kind: payment, return, refund or dispute
  at: When it happened, UTC
  micros: Amount in millionths; refunds, disputes and returns as what left, below zero where they came back
*/
SELECT source, currency, kind, at, sum(micros) AS micros
FROM
(
    SELECT
        source,
        currency,
        'payment' AS kind,
        if(is_whole = 1, received_at, tupleElement(share, 2)) AS at,
        tupleElement(share, 4) AS micros
    FROM ${cx}.whole_payment
    ARRAY JOIN shares AS share
    UNION ALL
    SELECT source, currency, 'payment', received_at, toInt128(rest * 1000000)
    FROM ${cx}.whole_payment
    WHERE rest > 0
    UNION ALL
    SELECT toString(source), toString(currency), 'return', returned_at, toInt128(amount_micros)
    FROM ${cx}.payment_return
    WHERE is_test = 0
    UNION ALL
    SELECT
        toString(source),
        toString(currency),
        'refund',
        tupleElement(arrayJoin([(refunded_at, 1), (if(status = 'failed', failed_at, NULL), -1)]) AS move, 1),
        toInt128(amount_micros) * tupleElement(move, 2)
    FROM ${cx}.refund
    WHERE is_test = 0 AND refunded_at IS NOT NULL
    UNION ALL
    SELECT
        toString(source),
        toString(currency),
        'dispute',
        tupleElement(
            arrayJoin([
                (opened_at, toInt128(amount_micros) + fee_micros),
                (if(status IN ('won', 'withdrawn'), closed_at, NULL), -toInt128(amount_micros))
            ]) AS move,
            1
        ),
        tupleElement(move, 2)
    FROM ${cx}.dispute
    WHERE is_test = 0 AND is_chargeback = 1 AND opened_at IS NOT NULL
)
WHERE at IS NOT NULL
GROUP BY source, currency, kind, at
