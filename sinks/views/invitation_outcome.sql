/*
comment: Invitations sent, with what became of each within its response window
columns:
  moment: When the invitation was first sent, UTC; the cohort that it belongs to
  account_id: Account that was asked
  survey_id: Survey that was asked
  fact_id: Invitation
  is_bounced: 1 when it bounced and was not answered
  is_answered: 1 when a response to it was submitted within the response window
  is_answered_late: 1 when its first response came after the response window
  is_immature: 1 while the response window is open and no response has come
  policy_version: Version of the response window that applies; empty for the default
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    survey_id,
    fact_id,
    toUInt8(has_bounced AND answered_at IS NULL) AS is_bounced,
    toUInt8(ifNull(answered_at < closes_at, 0)) AS is_answered,
    toUInt8(ifNull(answered_at >= closes_at, 0)) AS is_answered_late,
    toUInt8(answered_at IS NULL AND NOT has_bounced AND closes_at > ${now}) AS is_immature,
    policy_version,
    arrayConcat([concat('invitation:', fact_id)], responses) AS entities
FROM
(
    SELECT
        _i.moment AS moment,
        _i.account_id AS account_id,
        _i.survey_id AS survey_id,
        _i.fact_id AS fact_id,
        _i.has_bounced AS has_bounced,
        if(ifNull(_r.is_answered, 0) = 1, toNullable(_r.answered_at), NULL) AS answered_at,
        _i.moment + toIntervalDay(_w.days) AS closes_at,
        _w.policy_version AS policy_version,
        _r.responses AS responses
    FROM
    (
        SELECT
            'response_window_days' AS policy,
            assumeNotNull(sent_at) AS moment,
            account_id,
            survey_id,
            invitation_id AS fact_id,
            bounced_at IS NOT NULL AS has_bounced
        FROM ${cx}.invitation
        WHERE sent_at IS NOT NULL AND is_test = 0
    ) AS _i
    ASOF LEFT JOIN ${cx}.response_window AS _w ON _i.policy = _w.policy AND _i.moment >= _w.valid_from
    LEFT JOIN
    (
        SELECT
            account_id,
            invitation_id,
            min(assumeNotNull(submitted_at)) AS answered_at,
            1 AS is_answered,
            arraySort(groupArray(concat('response:', response_id))) AS responses
        FROM ${cx}.response
        WHERE status = 'submitted' AND is_test = 0 AND invitation_id != '' AND submitted_at IS NOT NULL
        GROUP BY account_id, invitation_id
    ) AS _r ON _i.account_id = _r.account_id AND _i.fact_id = _r.invitation_id
)
