/*
comment: NPS answers that count, with the topics of their responses
columns:
  moment: When the response was submitted, UTC
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  person: Contact within the account; a response without a contact stands for a person of its own
  score: Answer, 0 to 10
  topics: Topics of the response, and an empty name that stands for all responses, tagged or not
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _s.moment AS moment,
    _s.account_id AS account_id,
    _s.survey_id AS survey_id,
    _s.fact_id AS fact_id,
    _s.person AS person,
    _s.score AS score,
    arrayPushBack(ifNull(_t.names, []), '') AS topics,
    _s.entities AS entities
FROM ${cx}.nps_score AS _s
LEFT JOIN
(
    SELECT account_id, response_id, groupUniqArray(topic_id) AS names
    FROM ${cx}.response_topic
    WHERE is_test = 0
    GROUP BY account_id, response_id
) AS _t ON _s.account_id = _t.account_id AND _s.fact_id = _t.response_id
