/*
comment: Detractor responses to follow up, with when each was contacted and what the person answered next
columns:
  moment: When the detractor response was submitted, UTC; the cohort that it belongs to
  account_id: Account that answered
  survey_id: Survey that was answered
  fact_id: Response
  is_contacted: 1 when somebody followed up, in time or not
  is_contacted_in_time: 1 when the first follow-up came by the due time
  seconds_to_contact: Seconds from the response to its first follow-up; NULL before it
  is_immature: 1 while the case waits and its due time has not passed
  next_score: The same contact's next NPS answer at the account, 0 to 10; NULL when there is none
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _c.submitted_at AS moment,
    _c.account_id AS account_id,
    _c.survey_id AS survey_id,
    _c.response_id AS fact_id,
    toUInt8(_c.first_contact_at IS NOT NULL) AS is_contacted,
    toUInt8(ifNull(_c.first_contact_at <= _c.due_at, 0)) AS is_contacted_in_time,
    (toUnixTimestamp64Micro(_c.first_contact_at) - toUnixTimestamp64Micro(_c.submitted_at)) / 1000000 AS seconds_to_contact,
    toUInt8(_c.first_contact_at IS NULL AND _c.due_at > ${now}) AS is_immature,
    if(ifNull(_n.is_answer, 0) = 1, toNullable(_n.score), NULL) AS next_score,
    arrayConcat([concat('response:', _c.response_id)], _n.entities) AS entities
FROM ${cx}.followup_case AS _c
ASOF LEFT JOIN
(
    SELECT
        account_id,
        person,
        moment,
        argMax(score, fact_id) AS score,
        1 AS is_answer,
        argMax(entities, fact_id) AS entities
    FROM ${cx}.nps_score
    GROUP BY account_id, person, moment
) AS _n ON _c.account_id = _n.account_id AND _c.contact_id = _n.person AND _c.submitted_at < _n.moment
WHERE _c.is_test = 0 AND _c.state != 'voided'
