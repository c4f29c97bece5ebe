/*
comment: Completes of every project with surveys, which are their finished responses in the project's account
columns:
  account_id: Account that the project is for
  project_id: Project
  completes: Finished responses, without test data
  completes_in_7_days: Of those, what came in within the last seven days
*/
SELECT
    _p.account_id AS account_id,
    _p.project_id AS project_id,
    sum(_r.completes) AS completes,
    sum(_r.completes_in_7_days) AS completes_in_7_days
FROM (SELECT account_id, project_id, arrayJoin(arrayDistinct(survey_ids)) AS survey_id FROM ${cx}.project) AS _p
LEFT JOIN
(
    SELECT
        account_id,
        survey_id,
        toInt64(count()) AS completes,
        toInt64(countIf(submitted_at > ${now} - toIntervalDay(7))) AS completes_in_7_days
    FROM ${cx}.response
    WHERE status = 'submitted' AND finished = 1 AND submitted_at <= ${now} AND is_test = 0
    GROUP BY account_id, survey_id
) AS _r ON _p.account_id = _r.account_id AND _p.survey_id = _r.survey_id
GROUP BY account_id, project_id
