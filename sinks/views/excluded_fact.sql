/*
comment: What metrics leave out of their facts, and why; of what is not listed here nothing is known
columns:
  facts: View of facts that it is left out of
  moment: Time that would place it in a window, UTC
  account_id: Account
  survey_id: Survey
  fact_id: Response, invitation or display
  kind: Kind of the answer that is left out; empty where all of the fact is
  reason: >-
    test, deleted, no_nps_answer, score_corrected (a detractor no longer), or the reason of unscored_answer
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    arrayJoin(
        if(
            reason = 'no_nps_answer',
            ['nps_score', 'topic_score'],
            ['nps_score', 'topic_score', 'submitted_response', 'tagged_response', 'scored_answer']
        )
    ) AS facts,
    moment,
    account_id,
    survey_id,
    fact_id,
    '' AS kind,
    reason,
    [concat('response:', fact_id)] AS entities
FROM
(
    SELECT
        assumeNotNull(submitted_at) AS moment,
        account_id,
        survey_id,
        response_id AS fact_id,
        multiIf(is_test = 1, 'test', status = 'deleted', 'deleted', nps IS NULL, 'no_nps_answer', '') AS reason
    FROM ${cx}.response
    WHERE submitted_at IS NOT NULL
)
WHERE reason != ''
UNION ALL
SELECT 'scored_answer', moment, account_id, survey_id, fact_id, toString(kind), reason, entities
FROM ${cx}.judged_answer
WHERE reason != ''
UNION ALL
SELECT
    'detractor_case',
    submitted_at,
    account_id,
    survey_id,
    response_id,
    '',
    if(is_test = 1, 'test', 'score_corrected'),
    [concat('response:', response_id)]
FROM ${cx}.followup_case
WHERE is_test = 1 OR state = 'voided'
UNION ALL
SELECT
    'invitation_outcome',
    assumeNotNull(sent_at),
    account_id,
    survey_id,
    invitation_id,
    '',
    'test',
    [concat('invitation:', invitation_id)]
FROM ${cx}.invitation
WHERE is_test = 1 AND sent_at IS NOT NULL
UNION ALL
SELECT
    'display_outcome',
    displayed_at,
    account_id,
    survey_id,
    display_id,
    '',
    'test',
    [concat('survey_display:', display_id)]
FROM ${cx}.survey_display
WHERE is_test = 1
