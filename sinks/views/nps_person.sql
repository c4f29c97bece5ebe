/*
comment: >-
  What every person said last and the time before, and how long ago: promoters to talk to, those about to be lost from sight, and
  those who slipped; one row per person of an account
columns:
  account_id: Account
  person: Contact within the account; a response without a contact stands for a person of its own
  owner: Manager who owns the account now; empty when nobody does
  segment: Segment of the account now; empty when not told
  survey_id: Survey of the latest answer
  answered_at: When that was given, UTC
  days: Days since then
  score: Latest answer, 0 to 10
  score_before: The answer before it; NULL where there is none
  answers: Answers of all times
  state: >-
    promoter, passive or detractor by an answer within 90 days; lapsing for a promoter whose latest answer is 90 to 364 days old,
    lapsed for one of 365 days and more, silent for anybody else whose latest answer is 90 days old
  is_slipped: 1 when the latest answer is below 9 and the one before was 9 or 10
  response_id: Response of the latest answer
*/
SELECT
    _p.account_id AS account_id,
    _p.person AS person,
    _h.owner AS owner,
    _h.segment AS segment,
    _p.last_survey AS survey_id,
    _p.answered_at AS answered_at,
    _p.days AS days,
    _p.last_score AS score,
    _p.score_before AS score_before,
    _p.answers AS answers,
    multiIf(
        days < 90, multiIf(score >= 9, 'promoter', score <= 6, 'detractor', 'passive'),
        score < 9, 'silent',
        days < 365, 'lapsing',
        'lapsed'
    ) AS state,
    toUInt8(score < 9 AND ifNull(score_before >= 9, 0)) AS is_slipped,
    _p.response_id AS response_id
FROM
(
    SELECT
        account_id,
        person,
        arraySort(groupArray((moment, fact_id, toFloat64(_n.score), _n.survey_id))) AS said,
        tupleElement(said[-1], 1) AS answered_at,
        tupleElement(said[-1], 2) AS response_id,
        tupleElement(said[-1], 3) AS last_score,
        tupleElement(said[-1], 4) AS last_survey,
        if(length(said) = 1, NULL, toNullable(tupleElement(said[-2], 3))) AS score_before,
        toInt64(length(said)) AS answers,
        toInt64(toDate(${now}, '${zone}') - toDate(least(answered_at, ${end_of_days}), '${zone}')) AS days
    FROM ${cx}.nps_score AS _n
    WHERE moment <= ${now}
    GROUP BY account_id, person
) AS _p
LEFT JOIN ${cx}.slice_now AS _h ON _p.account_id = _h.account_id
