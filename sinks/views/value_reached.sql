/*
comment: >-
  Onboardings whose 30, 60 or 90 days on the clock are over, and whether the first value came within them; one row per onboarding and
  horizon
columns:
  moment: When its clock started, UTC; the cohort that it belongs to
  account_id: Account
  fact_id: Onboarding
  horizon_days: 30, 60 or 90
  start_kind: What started the clock
  product: Product that is introduced; empty when not told
  is_counted: 1 once that time on the clock is over
  is_reached: 1 when it is over and the first value came within it
  is_immature: 1 while it is not over
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    arrayJoin(['30', '60', '90']) AS horizon_days,
    start_kind,
    product,
    toUInt8(clock_days >= toUInt8(horizon_days)) AS is_counted,
    toUInt8(is_counted AND outcome = 'reached' AND days <= toUInt8(horizon_days)) AS is_reached,
    toUInt8(NOT is_counted) AS is_immature,
    entities
FROM ${cx}.onboarding_course
