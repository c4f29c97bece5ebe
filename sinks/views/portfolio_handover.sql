/*
comment: >-
  Accounts that changed hands, by month and quarter: what each manager took over and gave away, nobody as a line of its own; what
  all lines took over is what all gave away
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  manager_id: Manager; empty for nobody
  taken: Accounts that the manager took over, from another one or from nobody
  given: Accounts that the manager gave away, to another one or to nobody
  taken_from_others: Of those taken over, those that another manager had until then
  given_to_others: Of those given away, those that another manager had from then on
  is_final: 1 when the window has ended
*/
SELECT
    grain,
    multiIf(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    tupleElement(side, 1) AS manager_id,
    toInt64(sum(tupleElement(side, 2))) AS taken,
    toInt64(sum(1 - tupleElement(side, 2))) AS given,
    toInt64(sumIf(tupleElement(side, 2), tupleElement(side, 3) != '')) AS taken_from_others,
    toInt64(sumIf(1 - tupleElement(side, 2), tupleElement(side, 3) != '')) AS given_to_others,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final
FROM
(
    SELECT
        toDate(least(from_at, ${end_of_days}), '${zone}') AS day,
        arrayJoin([(owner, toInt64(1), owner_before), (owner_before, toInt64(0), owner)]) AS side,
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
)
GROUP BY grain, window_start, manager_id
