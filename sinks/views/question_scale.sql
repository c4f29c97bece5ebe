/*
comment: Scale of every question by survey and version, as published last under any key
columns:
  survey_id: Survey
  survey_version: Version of the survey definition
  question_id: Question
  scale_min: Lowest answer; NULL when not declared
  scale_max: Highest answer; NULL when not declared
  positive_from: Lowest answer counted as positive; NULL when not declared
  declared: 1, to tell a question without a scale from a question without a definition
*/
SELECT
    survey_id,
    survey_version,
    question_id,
    tupleElement(scale, 1) AS scale_min,
    tupleElement(scale, 2) AS scale_max,
    tupleElement(scale, 3) AS positive_from,
    1 AS declared
FROM
(
    SELECT
        survey_id,
        survey_version,
        question_id,
        argMax((scale_min, scale_max, positive_from), (occurred_at, account_id)) AS scale
    FROM ${cx}.survey_question
    GROUP BY survey_id, survey_version, question_id
)
