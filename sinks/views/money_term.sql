/*
comment: >-
  Every change of the terms of the two laws of money, by account, currency and moment. Issued is open + paid + credit_used
  + credited + written_off + voided + given_back; received + granted is paid + credit_used + customer_credit + refunded
  + returned + charged_back
columns:
  account_id: Account
  currency: ISO 4217 currency of the amount
  at: When it counts from, UTC
  term: >-
    issued (totals above zero), open, paid (net), credit_used, credited, written_off, voided, given_back (refunded or
    claimed of what was paid), received, granted (credit without money), customer_credit, refunded (less failed), returned
    or charged_back (opened, less won or withdrawn)
  amount: What the term changes by
  events: Events that change it, as far as the rows name them
*/
SELECT account_id, currency, at, term, toDecimal128(sum(micros), 6) / 1000000 AS amount, groupUniqArrayArray(causes) AS events
FROM
(
    SELECT
        account_id,
        toString(currency) AS currency,
        assumeNotNull(issued_at) AS at,
        'issued' AS term,
        toInt128(greatest(total_micros, 0)) AS micros,
        [event_id] AS causes
    FROM ${cx}.invoice
    WHERE issued_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT account_id, toString(currency), at, tupleElement(_said, 1), tupleElement(_said, 2) * toInt128(amount_micros), [event_id]
    FROM ${cx}.receivable_entry
    ARRAY JOIN
        arrayFilter(
            each -> tupleElement(each, 1) != '',
            [
                (if(book = 'receivable', 'open', ''), 1),
                (if(book = 'receivable' AND kind = 'credit_applied', 'credit_used', ''), -1),
                (if(kind IN ('credited', 'written_off', 'voided'), toString(kind), ''), if(book = 'receivable', -1, 1))
            ]
        ) AS _said
    WHERE is_test = 0
    UNION ALL
    SELECT account_id, toString(currency), at, tupleElement(_said, 1), tupleElement(_said, 2) * toInt128(amount_micros), [event_id]
    FROM ${cx}.money_entry
    ARRAY JOIN
        arrayFilter(
            each -> tupleElement(each, 1) != '',
            [
                (toString(book), 1),
                (if(book = 'granted' AND kind IN ('credited', 'written_off', 'voided'), toString(kind), ''), -1)
            ]
        ) AS _said
    WHERE is_test = 0
    UNION ALL
    SELECT account_id, toString(currency), at, tupleElement(_said, 1), tupleElement(_said, 2) * toInt128(amount_micros), [event_id]
    FROM ${cx}.credit_entry
    ARRAY JOIN if(book = 'given_back', [('given_back', 1), ('paid', -1)], [('customer_credit', 1)]) AS _said
    WHERE is_test = 0
    UNION ALL
    SELECT account_id, currency, received_at, 'customer_credit', -toInt128(not_here * 1000000), events
    FROM ${cx}.whole_payment
    WHERE not_here != 0
    UNION ALL
    SELECT account_id, toString(currency), paid_at, 'received', toInt128(amount_micros), [event_id]
    FROM ${cx}.payment
    WHERE is_test = 0 AND (account_id, payment_id, toString(currency)) NOT IN
    (
        SELECT account_id, payment_id, currency FROM ${cx}.whole_payment WHERE is_whole = 1
    )
    UNION ALL
    -- Of a known whole: received at once, and what invoices had beyond it, or before, with its use.
    SELECT account_id, currency, tupleElement(came, 1), 'received', tupleElement(came, 2), events
    FROM
    (
        SELECT
            account_id,
            currency,
            events,
            arraySort(arrayDistinct(arrayPushBack(tupleElement(shares, 3), received_at))) AS moments,
            arrayMap(
                moment -> greatest(
                    if(moment >= received_at, toInt128(whole * 1000000), toInt128(0)),
                    arraySum(arrayMap(share -> if(tupleElement(share, 3) <= moment, tupleElement(share, 4), toInt128(0)), shares))
                ) - if(moment >= received_at, toInt128(not_here * 1000000), toInt128(0)),
                moments
            ) AS sums,
            arrayMap(
                (moment, now, before) -> (moment, now - before), moments, sums, arrayPushFront(arrayPopBack(sums), toInt128(0))
            ) AS changes
        FROM ${cx}.whole_payment
        WHERE is_whole = 1
    )
    ARRAY JOIN changes AS came
    UNION ALL
    SELECT account_id, toString(currency), returned_at, 'returned', toInt128(amount_micros), [event_id]
    FROM ${cx}.payment_return
    WHERE is_test = 0
    UNION ALL
    SELECT account_id, toString(currency), assumeNotNull(tupleElement(move, 1)), 'refunded', tupleElement(move, 2) * toInt128(amount_micros), [event_id]
    FROM ${cx}.refund
    ARRAY JOIN [(refunded_at, 1), (if(failed_at IS NULL, NULL, greatest(refunded_at, failed_at)), -1)] AS move
    WHERE refunded_at IS NOT NULL AND is_test = 0 AND tupleElement(move, 1) IS NOT NULL
    UNION ALL
    SELECT account_id, toString(currency), assumeNotNull(tupleElement(move, 1)), 'charged_back', tupleElement(move, 2) * toInt128(amount_micros), [event_id]
    FROM ${cx}.dispute
    ARRAY JOIN [(opened_at, 1), (if(status IN ('won', 'withdrawn'), greatest(opened_at, closed_at), NULL), -1)] AS move
    WHERE opened_at IS NOT NULL AND is_chargeback = 1 AND is_test = 0 AND tupleElement(move, 1) IS NOT NULL
)
GROUP BY account_id, currency, at, term
HAVING sum(micros) != 0
