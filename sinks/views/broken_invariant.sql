/*
comment: Rows that contradict each other; empty while all is well. Workers look at it all the time and raise a signal
columns:
  invariant: What must always hold, by name
  account_id: Account of the rows
  subject_id: Response or event that breaks it
  detail: What was found, in words
*/
SELECT
    'answer_of_a_counting_response' AS invariant,
    _a.account_id AS account_id,
    _a.response_id AS subject_id,
    concat('question ', _a.question_id, ' has an answer, the response is ', if(_r.status = '', 'not there', _r.status)) AS detail
FROM ${cx}.answer AS _a
LEFT JOIN (SELECT account_id, response_id, toString(status) AS status FROM ${cx}.response) AS _r
    ON _a.account_id = _r.account_id AND _a.response_id = _r.response_id
WHERE _r.status != 'submitted'
UNION ALL
SELECT
    'nps_is_the_answer_given',
    _r.account_id,
    _r.response_id,
    concat('the response says ', toString(_r.nps), ', its answers say ', toString(_a.numbers))
FROM (SELECT account_id, response_id, nps FROM ${cx}.response WHERE nps IS NOT NULL) AS _r
LEFT JOIN
(
    SELECT account_id, response_id, groupArray(number) AS numbers
    FROM ${cx}.answer
    WHERE kind = 'NPS'
    GROUP BY account_id, response_id
) AS _a ON _r.account_id = _a.account_id AND _r.response_id = _a.response_id
WHERE NOT has(_a.numbers, assumeNotNull(_r.nps))
UNION ALL
SELECT
    'every_detractor_has_an_open_or_met_case',
    _r.account_id,
    _r.response_id,
    concat('the score is ', toString(_r.nps), ', the case is ', if(_c.state = '', 'not there', _c.state))
FROM (SELECT account_id, response_id, nps FROM ${cx}.response WHERE nps <= 6) AS _r
LEFT JOIN (SELECT account_id, response_id, toString(state) AS state FROM ${cx}.followup_case) AS _c
    ON _r.account_id = _c.account_id AND _r.response_id = _c.response_id
WHERE _c.state IN ('', 'voided')
UNION ALL
SELECT
    'an_event_is_taken_in_once',
    min(account_id),
    any(event_id),
    concat(
        'it stands at ',
        arrayStringConcat(arraySort(groupArray(5)(concat(topic, '-', toString(partition), ' offset ', toString(offset)))), ', ')
    )
FROM ${cx}.event
GROUP BY sipHash128(source, event_id)
HAVING count() > 1
