/*
comment: CSAT and CES answers that no metric counts, and why; nothing about a scale is guessed
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  survey_version: Version of the survey definition that was answered
  response_id: Response
  question_id: Question
  kind: CSAT or CES
  score: Answer as it was given
  scale: Declared scale as lowest-highest; empty when not declared
  reason: no_definition, no_scale, no_positive_from or outside_scale
*/
SELECT moment, account_id, survey_id, survey_version, fact_id AS response_id, question_id, kind, score, scale, reason
FROM ${cx}.judged_answer
WHERE reason != ''
