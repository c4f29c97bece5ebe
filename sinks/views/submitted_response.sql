/*
comment: Responses that count, with whether each holds text
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  has_text: 1 when an answer holds text other than white space
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(submitted_at) AS moment,
    account_id,
    survey_id,
    response_id AS fact_id,
    has_text,
    [concat('response:', response_id)] AS entities
FROM ${cx}.response
WHERE status = 'submitted' AND is_test = 0 AND submitted_at IS NOT NULL
