/*
comment: Deadlines of projects, stages and tasks by the first time that was agreed, and whether they were kept
columns:
  moment: First time that was agreed, UTC; later ones change nothing of it
  account_id: Account that the work is for
  fact_id: Project or task; of a stage the project and the stage's number
  kind: project, stage or task
  project_id: Project; empty for a task of none
  person_id: Who answers for it, of a project its owner, of a task who is to do it; empty when not told
  is_kept: 1 when it was done by then
  is_open: 1 while it may still be done by then
  hours_late: Hours from that time until it was done, or until now; 0 when in time
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    due AS moment,
    account_id,
    fact_id,
    kind,
    project_id,
    person_id,
    toUInt8(ifNull(done_at <= due, 0)) AS is_kept,
    toUInt8(done_at IS NULL AND due > ${now}) AS is_open,
    greatest(toUnixTimestamp64Micro(ifNull(done_at, ${now})) - toUnixTimestamp64Micro(due), 0) / 3600000000 AS hours_late,
    entities
FROM
(
    SELECT
        account_id,
        task_id AS fact_id,
        'task' AS kind,
        project_id,
        assignee_id AS person_id,
        assumeNotNull(first_due_at) AS due,
        completed_at AS done_at,
        [concat('task:', task_id)] AS entities
    FROM ${cx}.task
    WHERE first_due_at IS NOT NULL AND is_counted = 1 AND is_test = 0
    UNION ALL
    SELECT
        account_id,
        project_id,
        'project',
        project_id,
        owner_id,
        assumeNotNull(first_due_at),
        ended_at,
        [concat('project:', project_id)]
    FROM ${cx}.project
    WHERE first_due_at IS NOT NULL AND status NOT IN ('cancelled', 'ended') AND is_test = 0
    UNION ALL
    SELECT
        account_id,
        concat(project_id, '/', toString(stage_no)),
        'stage',
        project_id,
        '',
        assumeNotNull(first_due_at),
        until_at,
        [concat('project:', project_id)]
    FROM ${cx}.project_stage
    WHERE first_due_at IS NOT NULL AND is_counted = 1 AND is_test = 0
)
