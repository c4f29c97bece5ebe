/*
comment: >-
  Who owned every account that was ever assigned, in which pod and group: one row per account and span, also of those in which
  nobody did. As of any instant T: WHERE from_at <= T AND until_at > T; joined by account with backlog_span, mrr_span or
  renewal_due_day it gives what stood in a portfolio then
columns:
  account_id: Account
  manager_id: Manager who owned it then; empty while nobody did
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then, who stands for the group; empty when not told
  from_at: From when, UTC, inclusive; 1970 before the first assignment
  until_at: Until when, UTC, exclusive; the year 2149 while no end is known
*/
SELECT
    account_id,
    tupleElement(span, 3) AS manager_id,
    tupleElement(span, 4) AS pod_id,
    tupleElement(span, 5) AS lead_id,
    tupleElement(span, 1) AS from_at,
    tupleElement(span, 2) AS until_at
FROM ${cx}.portfolio_course
ARRAY JOIN spans AS span
