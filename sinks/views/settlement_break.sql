/*
comment: >-
  Payouts beside what should have been paid out, by source, currency and period; carried adds up what earlier periods left,
  so that money that only moved to the next period comes back to zero
columns:
  source: System and instance that reports payments and payouts
  currency: ISO 4217 currency of the amounts
  period_start: Start of the period paid out, UTC
  period_end: End of it, UTC, exclusive
  payments: Payments received in the period
  returns: Payments that banks took back in it
  refunds: Refunds that left in it, less those that came back
  disputes: Payments claimed back in it and their fees, less claims that were won or withdrawn; an unknown outcome gives nothing back
  fees: Fees that payouts kept back
  payouts: What was paid out for it
  balance_change: What the balance at the processor grew by
  difference: payments - returns - refunds - disputes - fees - payouts - balance_change
  carried: Sum of the differences up to the end of the period
  age_days: Days since the end of the period
*/
SELECT
    source,
    currency,
    period_start,
    period_end,
    toDecimal128(paid, 6) / 1000000 AS payments,
    toDecimal128(taken_back, 6) / 1000000 AS returns,
    toDecimal128(given_back, 6) / 1000000 AS refunds,
    toDecimal128(claimed, 6) / 1000000 AS disputes,
    toDecimal128(kept, 6) / 1000000 AS fees,
    toDecimal128(sent, 6) / 1000000 AS payouts,
    toDecimal128(grown, 6) / 1000000 AS balance_change,
    payments - returns - refunds - disputes - fees - payouts - balance_change AS difference,
    sum(difference) OVER (PARTITION BY source, currency ORDER BY period_end, period_start) AS carried,
    dateDiff('day', period_end, ${now}) AS age_days
FROM
(
    SELECT
        _o.source AS source,
        _o.currency AS currency,
        _o.period_start AS period_start,
        _o.period_end AS period_end,
        any(_o.kept) AS kept,
        any(_o.sent) AS sent,
        any(_o.grown) AS grown,
        sumIf(_m.micros, _m.kind = 'payment' AND _m.at >= _o.period_start AND _m.at < _o.period_end) AS paid,
        sumIf(_m.micros, _m.kind = 'return' AND _m.at >= _o.period_start AND _m.at < _o.period_end) AS taken_back,
        sumIf(_m.micros, _m.kind = 'refund' AND _m.at >= _o.period_start AND _m.at < _o.period_end) AS given_back,
        sumIf(_m.micros, _m.kind = 'dispute' AND _m.at >= _o.period_start AND _m.at < _o.period_end) AS claimed
    FROM
    (
        SELECT
            toString(source) AS source,
            toString(currency) AS currency,
            period_start,
            period_end,
            sum(toInt128(fees_micros)) AS kept,
            sum(toInt128(amount_micros)) AS sent,
            sum(toInt128(balance_change_micros)) AS grown
        FROM ${cx}.payout
        WHERE is_test = 0
        GROUP BY source, currency, period_start, period_end
    ) AS _o
    LEFT JOIN ${cx}.processor_movement AS _m ON _o.source = _m.source AND _o.currency = _m.currency
    GROUP BY source, currency, period_start, period_end
)
