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
    a.account_id AS account_id,
    a.response_id AS subject_id,
    concat('question ', a.question_id, ' has an answer, the response is ', if(r.status = '', 'not there', r.status)) AS detail
FROM ${cx}.answer AS a
LEFT JOIN (SELECT account_id, response_id, toString(status) AS status FROM ${cx}.response) AS r
    ON a.account_id = r.account_id AND a.response_id = r.response_id
WHERE r.status != 'submitted'
UNION ALL
SELECT
    'nps_is_the_answer_given',
    r.account_id,
    r.response_id,
    concat('the response says ', toString(r.nps), ', its answers say ', toString(a.numbers))
FROM (SELECT account_id, response_id, nps FROM ${cx}.response WHERE nps IS NOT NULL) AS r
LEFT JOIN
(
    SELECT account_id, response_id, groupArray(number) AS numbers
    FROM ${cx}.answer
    WHERE kind = 'NPS'
    GROUP BY account_id, response_id
) AS a ON r.account_id = a.account_id AND r.response_id = a.response_id
WHERE NOT has(a.numbers, assumeNotNull(r.nps))
UNION ALL
SELECT
    'every_detractor_has_an_open_or_met_case',
    r.account_id,
    r.response_id,
    concat('the score is ', toString(r.nps), ', the case is ', if(c.state = '', 'not there', c.state))
FROM (SELECT account_id, response_id, nps FROM ${cx}.response WHERE nps <= 6) AS r
LEFT JOIN (SELECT account_id, response_id, toString(state) AS state FROM ${cx}.followup_case) AS c
    ON r.account_id = c.account_id AND r.response_id = c.response_id
WHERE c.state IN ('', 'voided')
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
