/*
comment: NPS answers that count, one row per response (its first valid NPS answer)
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  person: Contact within the account; a response without a contact stands for a person of its own
  score: Answer, 0 to 10
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(submitted_at) AS moment,
    account_id,
    survey_id,
    response_id AS fact_id,
    if(contact_id = '', concat('\0', response_id), contact_id) AS person,
    assumeNotNull(nps) AS score,
    [concat('response:', response_id)] AS entities
FROM ${cx}.response
WHERE status = 'submitted' AND is_test = 0 AND nps IS NOT NULL AND submitted_at IS NOT NULL
