/*
comment: >-
  Who is credited with which share of an account's money: one row per account, manager and span, also for what is nobody's. As of any
  instant T: WHERE from_at <= T AND until_at > T; the shares of an account are then 100 % together. Where no share was ever told of
  it is the owner who has all of it
columns:
  account_id: Account
  manager_id: Manager; empty for what is nobody's
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then; empty when not told
  share_percent: Share in percent, to the hundredth
  from_bp: Hundredth of a percent that the part begins at, so that parts of an amount add up to it
  until_bp: Hundredth of a percent that it ends at
  from_at: From when, UTC, inclusive; 1970 before the first assignment
  until_at: Until when, UTC, exclusive; the year 2149 while no end is known
*/
SELECT
    account_id,
    tupleElement(span, 3) AS manager_id,
    tupleElement(span, 4) AS pod_id,
    tupleElement(span, 5) AS lead_id,
    toDecimal64(until_bp - from_bp, 2) / 100 AS share_percent,
    tupleElement(span, 6) AS from_bp,
    tupleElement(span, 7) AS until_bp,
    tupleElement(span, 1) AS from_at,
    tupleElement(span, 2) AS until_at
FROM
(
    SELECT account_id, spans FROM ${cx}.credit_course
    UNION ALL
    SELECT
        account_id,
        arrayMap(
            owned -> (
                tupleElement(owned, 1),
                tupleElement(owned, 2),
                tupleElement(owned, 3),
                tupleElement(owned, 4),
                tupleElement(owned, 5),
                toInt64(0),
                toInt64(10000)
            ),
            spans
        )
    FROM ${cx}.portfolio_course
    WHERE account_id NOT IN (SELECT account_id FROM ${cx}.credit_told)
)
ARRAY JOIN spans AS span
