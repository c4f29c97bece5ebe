/*
comment: Displays of a survey, and whether each was started and finished
columns:
  moment: When the survey was shown, UTC; the cohort that it belongs to
  account_id: Account that it was shown to
  survey_id: Survey that was shown
  fact_id: Display
  is_started: 1 when a response names the display
  is_finished: 1 when a response to the display was answered to its end
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _d.displayed_at AS moment,
    _d.account_id AS account_id,
    _d.survey_id AS survey_id,
    _d.display_id AS fact_id,
    toUInt8(ifNull(_r.is_started, 0)) AS is_started,
    toUInt8(ifNull(_r.is_finished, 0)) AS is_finished,
    arrayConcat([concat('survey_display:', _d.display_id)], _r.responses) AS entities
FROM ${cx}.survey_display AS _d
LEFT JOIN
(
    SELECT
        account_id,
        display_id,
        1 AS is_started,
        max(finished) AS is_finished,
        arraySort(groupArray(concat('response:', response_id))) AS responses
    FROM ${cx}.response
    WHERE status = 'submitted' AND is_test = 0 AND display_id != ''
    GROUP BY account_id, display_id
) AS _r ON _d.account_id = _r.account_id AND _d.display_id = _r.display_id
WHERE _d.is_test = 0
