/*
comment: Owners of every account over time, one row per account and moment of change, for joins as of an event
columns:
  account_id: Account
  valid_from: From when the owner holds, UTC
  valid_to: Until when, UTC, exclusive; NULL until the next row
  slice: Manager
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then; empty when not told
*/
SELECT
    account_id,
    valid_from,
    tupleElement(last, 1) AS valid_to,
    tupleElement(last, 2) AS slice,
    tupleElement(last, 3) AS pod_id,
    tupleElement(last, 4) AS lead_id
FROM
(
    SELECT account_id, valid_from, argMax((valid_to, manager_id, toString(pod_id), toString(lead_id)), event_id) AS last
    FROM ${cx}.manager_assignment
    WHERE role = 'OWNER' AND is_test = 0
    GROUP BY account_id, valid_from
)
