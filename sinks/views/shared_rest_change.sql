/*
comment: >-
  What parts in other accounts change in the rest of a payment, in millionths: each account knows of its own invoices alone,
  so that its rest is taken off, and what nobody has waits in the first account by name
columns:
  metric: collections, or refund_rate, which divides by what came in
  account_id: Account
  entity_kind: Always payment
  entity_id: Payment
  item: ISO 4217 currency, and of collections a slash as of every rest
  window_at: When the payment came, UTC
  person: Always empty
  event_id: Event that caused the change
  source: System and instance that the event comes from
  kind: As of the change of the account whose event did it
  reason: parts in other accounts; empty for what is told in time
  numerator_micros: What the numerator gained, in millionths
  denominator_micros: What the denominator gained, in millionths
  old_value: Always NULL
  new_value: Always NULL
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
  is_load: 1 when its sender loaded what had happened before, as an import does
*/
SELECT
    metric,
    account_id,
    'payment' AS entity_kind,
    payment_id AS entity_id,
    if(metric = 'collections', concat(currency, '/'), currency) AS item,
    window_at,
    '' AS person,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    tupleElement(cause, 6) AS kind,
    if(kind = 'first', '', 'parts in other accounts') AS reason,
    if(metric = 'collections', amount, 0) AS numerator_micros,
    if(metric = 'collections', rests * 1000000, amount) AS denominator_micros,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at,
    tupleElement(cause, 5) AS is_load
FROM
(
    SELECT
        account_id,
        payment_id,
        splitByChar('/', item)[1] AS currency,
        window_at,
        causes[place] AS cause,
        takens[place] AS taken,
        if(place = 1, (toInt128(0), toInt64(0)), takens[place - 1]) AS taken_before,
        toInt64(tupleElement(taken, 1) - tupleElement(taken_before, 1)) AS amount,
        tupleElement(taken, 2) - tupleElement(taken_before, 2) AS rests,
        -- What came in lowers the rate of refunds, and is counted there as an amount.
        arrayJoin(['collections', 'refund_rate']) AS metric
    FROM
    (
        SELECT
            *,
            account_id,
            -- What is taken from the account's own rest, once each cause was known, and from how many rests there are.
            arrayMap(
                held -> (
                    multiIf(
                        NOT has(tupleElement(held, 1), account_id) OR length(held) = 1, toInt128(0),
                        tupleElement(held[1], 1) = account_id, greatest(told - arraySum(tupleElement(held, 2)), toInt128(0)),
                        toInt128(0)
                    ) - if(
                        has(tupleElement(held, 1), account_id) AND length(held) > 1,
                        greatest(told - tupleElement(held[indexOf(tupleElement(held, 1), account_id)], 2), toInt128(0)),
                        toInt128(0)
                    ),
                    multiIf(
                        NOT has(tupleElement(held, 1), account_id) OR length(held) = 1, toInt64(0),
                        tupleElement(held[1], 1) = account_id, toInt64(told > arraySum(tupleElement(held, 2))),
                        toInt64(0)
                    ) - if(
                        has(tupleElement(held, 1), account_id) AND length(held) > 1,
                        toInt64(told > tupleElement(held[indexOf(tupleElement(held, 1), account_id)], 2)),
                        toInt64(0)
                    )
                ),
                helds
            ) AS takens
        FROM
        (
            SELECT
                *,
                toInt128(toInt64OrZero(splitByChar('/', item)[2])) AS told,
                -- The accounts that know the payment once each cause was known, with what their invoices have of it.
                arrayMap(
                    c -> arrayFilter(
                        h -> tupleElement(h, 3) > 0,
                        arrayMap(
                            a -> (
                                a,
                                arraySum(
                                    s -> if(tupleElement(s, 2) = a AND tupleElement(s, 1) <= c, toInt128(tupleElement(s, 3)), toInt128(0)),
                                    steps
                                ),
                                arraySum(s -> if(tupleElement(s, 2) = a AND tupleElement(s, 1) <= c, tupleElement(s, 4), 0), steps)
                            ),
                            accounts
                        )
                    ),
                    causes
                ) AS helds
            FROM
            (
                SELECT
                    entity_id AS payment_id,
                    item,
                    window_at,
                    arraySort(
                        groupArray(
                            (
                                (ingested_at, event_id, toString(source), occurred_at, is_load, toString(kind)),
                                account_id,
                                numerator_micros,
                                denominator_micros
                            )
                        )
                    ) AS steps,
                    arrayDistinct(tupleElement(steps, 1)) AS causes,
                    arraySort(arrayDistinct(tupleElement(steps, 2))) AS accounts
                FROM ${cx}.metric_change
                WHERE metric = 'payment_whole'
                GROUP BY entity_id, item, window_at
                HAVING length(accounts) > 1
            )
        )
        ARRAY JOIN accounts AS account_id
    )
    ARRAY JOIN arrayEnumerate(causes) AS place
)
WHERE numerator_micros != 0 OR denominator_micros != 0
