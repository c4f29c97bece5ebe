/*
comment: Days on which renewals are undecided and due within 30, 60 or 90 days, one row per renewal and horizon
columns:
  account_id: Account
  fact_id: Contract and term, joined by a slash
  horizon_days: 30, 60 or 90
  due_day: Day on which it is due by the newest word, in the company's time zone
  from_day: First day at whose end it lies within the horizon
  until_day: First day at whose end it does not any more, as it is due by then or decided
  currency: ISO 4217 currency of the value
  value: Value of one year
  is_auto_renew: 1 when it renews itself unless notice is given in time
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    account_id,
    fact_id,
    arrayJoin([30, 60, 90]) AS horizon_days,
    toDate(least(due_at, ${end_of_days}), '${zone}') AS due_day,
    greatest(due_day - horizon_days, start_day) AS from_day,
    least(due_day, decided_day) AS until_day,
    currency,
    value_before AS value,
    is_auto_renew,
    entities
FROM
(
    SELECT
        *,
        toDate(least(starts_at, ${end_of_days}), '${zone}') AS start_day,
        if(decided_at IS NULL, toDate('2149-01-01'), toDate(least(assumeNotNull(decided_at), ${end_of_days}), '${zone}')) AS decided_day
    FROM ${cx}.renewal_term
)
WHERE from_day < until_day
