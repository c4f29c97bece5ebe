/*
comment: CSAT and CES answers that count, within a declared scale
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  kind: CSAT or CES
  score: Answer on the question's own scale
  scale: Declared scale as lowest-highest
  is_positive: 1 when the answer reaches the declared positive_from
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT moment, account_id, survey_id, fact_id, kind, score, scale, is_positive, entities
FROM ${cx}.judged_answer
WHERE reason = ''
