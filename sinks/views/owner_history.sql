/*
comment: Owners of every account over time, one row per account and moment of change, for joins as of an event
columns:
  account_id: Account
  valid_from: From when the owner holds, UTC
  valid_to: Until when, UTC, exclusive; NULL until the next row
  slice: Manager
*/
SELECT
    account_id,
    valid_from,
    tupleElement(last, 1) AS valid_to,
    tupleElement(last, 2) AS slice
FROM
(
    SELECT account_id, valid_from, argMax((valid_to, manager_id), event_id) AS last
    FROM ${cx}.manager_assignment
    WHERE role = 'OWNER' AND is_test = 0
    GROUP BY account_id, valid_from
)
