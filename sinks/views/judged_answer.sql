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
    _a.submitted_at AS moment,
    _a.account_id AS account_id,
    _a.survey_id AS survey_id,
    _a.survey_version AS survey_version,
    _a.response_id AS fact_id,
    _a.question_id AS question_id,
    _a.kind AS kind,
    _a.number AS score,
    if(_q.scale_min IS NULL OR _q.scale_max IS NULL, '', concat(toString(assumeNotNull(_q.scale_min)), '-', toString(assumeNotNull(_q.scale_max)))) AS scale,
    toUInt8(ifNull(_a.number >= _q.positive_from, 0)) AS is_positive,
    multiIf(
        ifNull(_q.declared, 0) = 0, 'no_definition',
        scale = '', 'no_scale',
        _q.positive_from IS NULL, 'no_positive_from',
        ifNull(_a.number < _q.scale_min OR _a.number > _q.scale_max, 1), 'outside_scale',
        ''
    ) AS reason,
    [
        concat('response:', _a.response_id),
        concat('survey_definition:', _a.survey_id, '/', toString(_a.survey_version))
    ] AS entities
FROM ${cx}.answer AS _a
LEFT JOIN ${cx}.question_scale AS _q
    ON _a.survey_id = _q.survey_id AND _a.survey_version = _q.survey_version AND _a.question_id = _q.question_id
WHERE _a.is_test = 0 AND _a.kind IN ('CSAT', 'CES')
