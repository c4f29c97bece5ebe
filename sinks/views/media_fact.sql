/*
comment: Days of media plans with their part of what is to be spent, and what was spent
columns:
  moment: The day of the plan in the company's time zone, or when it was spent, UTC
  account_id: Account that the media are for
  fact_id: Line of the plan and day, or report of the medium
  plan_id: Line of the plan
  project_id: Project of the line; empty where it belongs to none, or is not known
  channel: Channel of the line; empty while the line is not known
  currency: ISO 4217 currency of the amounts
  planned: To be spent on that day; 0 of what was spent
  spent: What was spent; 0 of days of a plan
  is_spend: 1 of what was spent
  is_to_come: 1 of days of a plan that are not over
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    toDateTime64(addDays(first_day, day_no), 6, '${zone}') AS moment,
    account_id,
    concat(plan_id, '/', toString(day_no)) AS fact_id,
    plan_id,
    project_id,
    toString(channel) AS channel,
    toString(currency) AS currency,
    -- Parts of whole millionths that add up to the amount.
    toDecimal128(
        intDiv(toInt128(amount_micros) * (day_no + 1), days) - intDiv(toInt128(amount_micros) * day_no, days), 6
    ) / 1000000 AS planned,
    toDecimal128(0, 6) AS spent,
    toUInt8(0) AS is_spend,
    toUInt8(addDays(first_day, day_no) >= toDate(${now}, '${zone}')) AS is_to_come,
    [concat('media_plan:', plan_id)] AS entities
FROM
(
    SELECT
        *,
        toDate(least(starts_at, ${end_of_days}), '${zone}') AS first_day,
        toInt64(greatest(toDate(least(ends_at - toIntervalMicrosecond(1), ${end_of_days}), '${zone}') - first_day + 1, 1)) AS days,
        arrayJoin(range(toUInt32(days))) AS day_no
    FROM ${cx}.media_plan
    WHERE is_cancelled = 0 AND is_test = 0
)
UNION ALL
SELECT
    _s.spent_at,
    _s.account_id,
    _s.spend_id,
    _s.plan_id,
    _p.project_id,
    toString(_p.channel),
    toString(_s.currency),
    toDecimal128(0, 6),
    toDecimal128(_s.amount_micros, 6) / 1000000,
    1,
    0,
    if(_p.plan_id = '', [concat('media_spend:', _s.spend_id)], [concat('media_spend:', _s.spend_id), concat('media_plan:', _p.plan_id)])
FROM (SELECT * FROM ${cx}.media_spend WHERE is_test = 0) AS _s
LEFT JOIN (SELECT * FROM ${cx}.media_plan WHERE is_test = 0) AS _p ON _s.account_id = _p.account_id AND _s.plan_id = _p.plan_id
