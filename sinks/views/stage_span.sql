/*
comment: Stages of projects that are over, each by the day on which the next one began
columns:
  moment: When the project went on, UTC
  account_id: Account that the project is for
  fact_id: Project and number of the stage
  project_id: Project
  stage: Stage, as the source names it
  lasted_us: How long it lasted, microseconds
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(until_at) AS moment,
    account_id,
    concat(project_id, '/', toString(stage_no)) AS fact_id,
    project_id,
    toString(stage) AS stage,
    toUnixTimestamp64Micro(assumeNotNull(until_at)) - toUnixTimestamp64Micro(from_at) AS lasted_us,
    [concat('project:', project_id)] AS entities
FROM ${cx}.project_stage
WHERE until_at IS NOT NULL AND is_counted = 1 AND is_test = 0
