/*
comment: Tasks that should have been done by now, by the first time that was agreed
columns:
  account_id: Account that the task is for
  task_id: Task
  project_id: Project; empty for a task of none
  assignee_id: Our person who is to do it; empty when not told
  first_due_at: First time that was agreed, UTC
  due_at: When it is to be done by the newest word, UTC
  days_overdue: Days since the first time
  is_put_off: 1 when by the newest word there is still time
  due_moves: How many times another time was agreed
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    account_id,
    task_id,
    project_id,
    assignee_id,
    assumeNotNull(first_due_at) AS first_due_at,
    assumeNotNull(due_at) AS due_at,
    (toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(first_due_at)) / 86400000000 AS days_overdue,
    toUInt8(due_at > ${now}) AS is_put_off,
    due_moves,
    [concat('task:', task_id)] AS entities
FROM ${cx}.task
WHERE status = 'open' AND first_due_at < ${now} AND is_test = 0
