/*
comment: >-
  Which account each merged account counts as now; an account that is not listed counts as itself. As of any other time see
  account_identity_span
columns:
  account_id: Account
  survivor_id: Account that it counts as; itself where its merges go in a ring
  since: Since when, UTC
  merges: How many merges lead there
  problem: ring where its merges come back, or go on for more than 32 steps; empty otherwise
*/
SELECT account_id, survivor_id, from_at AS since, merges, problem
FROM ${cx}.account_identity_span
WHERE from_at <= ${now} AND until_at > ${now}
