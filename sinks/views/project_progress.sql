/*
comment: >-
  Projects that are not over: where they stand, how far fieldwork is against its quota, and what of their tasks is late; to be read
  in order of due_at
columns:
  account_id: Account that the project is for
  project_id: Project
  name: Name for people
  owner_id: Our person who answers for it; empty when not told
  owner: Manager who owns the account now; empty when nobody does
  status: open, or incomplete while nobody has told what the project is
  stage: Stage that it is in; empty before the first
  stage_since: Since when, UTC
  days_in_stage: Days since then; NULL before the first stage
  stage_due_at: By when the stage is to be over by the newest word, UTC; NULL without any
  first_due_at: First time that was agreed for its delivery, UTC; NULL without any
  due_at: When it is to be delivered by the newest word, UTC; NULL without any
  is_late: 1 when the first time that was agreed has passed
  quota: Completes that fieldwork has to bring in; NULL without fieldwork
  completes: Finished responses of its surveys; NULL where it has neither surveys nor a quota
  progress: Completes against the quota, in percent, above 100 where there are more; NULL without a quota
  completes_in_7_days: Completes of the last seven days
  full_on: >-
    Day on which the quota is reached at the pace of the last seven days, in the company's time zone; NULL where it is reached,
    or nothing came in
  tasks: Tasks of the project that are to be done
  late_tasks: Of those, what should have been done by the first time that was agreed
  flags: What is odd about the project, as codes
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    _p.account_id AS account_id,
    _p.project_id AS project_id,
    _p.name AS name,
    _p.owner_id AS owner_id,
    ifNull(_o.owner, '') AS owner,
    toString(_p.status) AS status,
    toString(_p.stage) AS stage,
    _p.stage_since AS stage_since,
    (toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(_p.stage_since)) / 86400000000 AS days_in_stage,
    _s.stage_due_at AS stage_due_at,
    _p.first_due_at AS first_due_at,
    _p.due_at AS due_at,
    toUInt8(ifNull(_p.first_due_at < ${now}, 0)) AS is_late,
    _p.quota AS quota,
    if(_p.quota IS NULL AND empty(_p.survey_ids), NULL, toNullable(_c.completes)) AS completes,
    100 * ifNull(completes, 0) / _p.quota AS progress,
    _c.completes_in_7_days AS completes_in_7_days,
    if(
        _p.quota > ifNull(completes, 0) AND _c.completes_in_7_days > 0,
        toDate(${now}, '${zone}') + toInt32(least(ceil((_p.quota - ifNull(completes, 0)) * 7 / _c.completes_in_7_days), 36500)),
        NULL
    ) AS full_on,
    _t.tasks AS tasks,
    _t.late_tasks AS late_tasks,
    _p.flags AS flags,
    arrayConcat([concat('project:', _p.project_id)], _t.entities) AS entities
FROM (SELECT * FROM ${cx}.project WHERE status IN ('open', 'incomplete') AND is_test = 0) AS _p
LEFT JOIN
(
    SELECT account_id, project_id, argMax(due_at, stage_no) AS stage_due_at
    FROM ${cx}.project_stage
    WHERE until_at IS NULL
    GROUP BY account_id, project_id
) AS _s ON _p.account_id = _s.account_id AND _p.project_id = _s.project_id
LEFT JOIN ${cx}.project_completes AS _c ON _p.account_id = _c.account_id AND _p.project_id = _c.project_id
LEFT JOIN
(
    SELECT
        account_id,
        project_id,
        toInt64(count()) AS tasks,
        toInt64(countIf(first_due_at < ${now})) AS late_tasks,
        arraySort(groupArray(concat('task:', task_id))) AS entities
    FROM ${cx}.task
    WHERE status = 'open' AND is_test = 0
    GROUP BY account_id, project_id
) AS _t ON _p.account_id = _t.account_id AND _p.project_id = _t.project_id
LEFT JOIN
(
    SELECT account_id, argMax(if(valid_to IS NULL OR valid_to > ${now}, slice, ''), valid_from) AS owner
    FROM ${cx}.owner_history
    WHERE valid_from <= ${now}
    GROUP BY account_id
) AS _o ON _p.account_id = _o.account_id
