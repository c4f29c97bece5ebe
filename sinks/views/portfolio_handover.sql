/*
comment: >-
  Accounts that changed hands, by month and quarter: what each manager took over and gave away, nobody as a line of its own; what
  all lines took over is what all gave away, of accounts and of shares of their money alike
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  manager_id: Manager; empty for nobody
  taken: Accounts that the manager took over, from another one or from nobody
  given: Accounts that the manager gave away, to another one or to nobody
  taken_from_others: Of those taken over, those that another manager had until then
  given_to_others: Of those given away, those that another manager had from then on
  shares_taken: Shares of accounts that the manager came to, added up; a quarter of an account is 0.25
  shares_given: Shares of accounts that went from the manager
  is_final: 1 when the window has ended
stored:
  order: [grain, window_start, manager_id]
*/
SELECT
    grain,
    multiIf(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    tupleElement(side, 1) AS manager_id,
    toInt64(sumIf(tupleElement(side, 2), shifted = 0)) AS taken,
    toInt64(sumIf(1 - tupleElement(side, 2), shifted = 0)) AS given,
    toInt64(sumIf(tupleElement(side, 2), shifted = 0 AND tupleElement(side, 3) != '')) AS taken_from_others,
    toInt64(sumIf(1 - tupleElement(side, 2), shifted = 0 AND tupleElement(side, 3) != '')) AS given_to_others,
    toDecimal64(sum(greatest(shifted, 0)), 4) / 10000 AS shares_taken,
    toDecimal64(sum(greatest(-shifted, 0)), 4) / 10000 AS shares_given,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        toDate(least(from_at, ${end_of_days}), '${zone}') AS day,
        arrayJoin([(owner, toInt64(1), owner_before), (owner_before, toInt64(0), owner)]) AS side,
        toInt64(0) AS shifted,
        arrayJoin(['month', 'quarter']) AS grain
    FROM
    (
        SELECT
            from_at,
            manager_id AS owner,
            lagInFrame(manager_id) OVER (
                PARTITION BY account_id ORDER BY from_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS owner_before
        FROM ${cx}.portfolio_span
    )
    WHERE owner != owner_before AND from_at <= ${now}
    UNION ALL
    SELECT
        toDate(least(at, ${end_of_days}), '${zone}') AS day,
        (manager_id, toInt64(0), '') AS side,
        change AS shifted,
        arrayJoin(['month', 'quarter']) AS grain
    FROM
    (
        SELECT account_id, manager_id, tupleElement(edge, 1) AS at, sum(tupleElement(edge, 2)) AS change
        FROM
        (
            SELECT
                account_id,
                manager_id,
                arrayJoin([(from_at, until_bp - from_bp), (until_at, from_bp - until_bp)]) AS edge
            FROM ${cx}.credit_share
        )
        WHERE tupleElement(edge, 1) > toDateTime64(0, 6, 'UTC') AND tupleElement(edge, 1) <= ${now}
        GROUP BY account_id, manager_id, at
        HAVING change != 0
    )
)
GROUP BY grain, window_start, manager_id
