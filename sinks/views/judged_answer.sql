/*
comment: CSAT and CES answers beside their declared scale, with the reason why an answer cannot be scored
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  survey_version: Version of the survey definition that was answered
  fact_id: Response
  question_id: Question
  kind: CSAT or CES
  score: Answer on the question's own scale
  scale: Declared scale as lowest-highest; empty when not declared
  is_positive: 1 when the answer reaches the declared positive_from
  reason: Empty when the answer is scored; else no_definition, no_scale, no_positive_from or outside_scale
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    a.submitted_at AS moment,
    a.account_id AS account_id,
    a.survey_id AS survey_id,
    a.survey_version AS survey_version,
    a.response_id AS fact_id,
    a.question_id AS question_id,
    a.kind AS kind,
    a.number AS score,
    if(q.scale_min IS NULL OR q.scale_max IS NULL, '', concat(toString(assumeNotNull(q.scale_min)), '-', toString(assumeNotNull(q.scale_max)))) AS scale,
    toUInt8(ifNull(a.number >= q.positive_from, 0)) AS is_positive,
    multiIf(
        ifNull(q.declared, 0) = 0, 'no_definition',
        scale = '', 'no_scale',
        q.positive_from IS NULL, 'no_positive_from',
        ifNull(a.number < q.scale_min OR a.number > q.scale_max, 1), 'outside_scale',
        ''
    ) AS reason,
    [
        concat('response:', a.response_id),
        concat('survey_definition:', a.survey_id, '/', toString(a.survey_version))
    ] AS entities
FROM ${cx}.answer AS a
LEFT JOIN ${cx}.question_scale AS q
    ON a.survey_id = q.survey_id AND a.survey_version = q.survey_version AND a.question_id = q.question_id
WHERE a.is_test = 0 AND a.kind IN ('CSAT', 'CES')
