/*
comment: Owners of every account over time as an array, for views that ask for the owner of several moments of one fact
columns:
  account_id: Account
  owners: From when, until when (NULL until the next one), manager, pod and lead of every assignment, in order of time
*/
SELECT account_id, arraySort(groupArray((valid_from, valid_to, slice, pod_id, lead_id))) AS owners
FROM ${cx}.owner_history
GROUP BY account_id
