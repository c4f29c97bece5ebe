/*
comment: Onboardings by the day on which their clock started, and whether they were completed
columns:
  moment: When its clock started, UTC; the cohort that it belongs to
  account_id: Account
  fact_id: Onboarding
  start_kind: What started the clock
  product: Product that is introduced; empty when not told
  is_completed: 1 when all milestones of its plan were reached
  is_stalled: 1 when a planned date has passed without its milestone
  is_within_90: 1 when the first value came within 90 days on the clock
  is_churned: 1 when the account or its contract ended before any value
  is_immature: 1 while it is neither completed nor ended so
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    start_kind,
    product,
    is_completed,
    is_stalled,
    is_within_90,
    toUInt8(outcome = 'churned') AS is_churned,
    toUInt8(NOT is_completed AND outcome != 'churned') AS is_immature,
    entities
FROM ${cx}.onboarding_course
