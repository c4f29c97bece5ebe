/*
comment: Tagged responses with their topics
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  topics: Topics of the response, and an empty name that stands for all of them
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(max(submitted_at)) AS moment,
    account_id,
    any(survey_id) AS survey_id,
    response_id AS fact_id,
    arrayPushBack(groupUniqArray(topic_id), '') AS topics,
    [concat('response:', response_id)] AS entities
FROM ${cx}.response_topic
WHERE is_test = 0 AND submitted_at IS NOT NULL
GROUP BY account_id, response_id
