/*
comment: >-
  Renewals of contracts with how each came out, when, under whom, and whether its account changed hands within 60 days before;
  without test data
columns:
  account_id: Account
  contract_id: Contract
  term_no: Term of the contract, from 1
  fact_id: Contract and term, joined by a slash
  status: open, overdue, renewed, downsold, upsold, lost, renewed_auto or unknown
  starts_at: First instant of the term, UTC
  due_at: When it is due by the newest word, UTC
  first_due_at: When it was due as first stated, UTC
  notice_at: By when notice must be given, UTC
  decided_at: When it was decided, or renewed itself, UTC; NULL while undecided
  is_auto_renew: 1 when it renews itself unless notice is given in time
  is_decided: 1 when it was renewed or lost
  is_kept: 1 when it was renewed, for whatever value
  timing: early (decided before the due day), in_time (on it), late (after it); empty while undecided
  is_moved_date: 1 when its due date was amended
  years: Years of the term, 0 where its end is not told; values are those of one year
  currency: ISO 4217 currency of the amounts
  value_before: Value of one year before the renewal
  value_after: Value of one year after it; NULL while undecided, or in another currency
  is_in_grace: 1 while it is undecided and the days of grace have not passed
  owner: Manager who owns the account when it is due, as far as known; empty when nobody does
  owner_before: Manager who owned it 60 days before; empty when nobody did
  is_handed_over: 1 when these two are different managers
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    _b.account_id AS account_id,
    _b.contract_id AS contract_id,
    _b.term_no AS term_no,
    _b.fact_id AS fact_id,
    _b.status AS status,
    _b.starts_at AS starts_at,
    _b.due_at AS due_at,
    _b.first_due_at AS first_due_at,
    _b.notice_at AS notice_at,
    _b.decided_at AS decided_at,
    _b.is_auto_renew AS is_auto_renew,
    _b.is_decided AS is_decided,
    _b.is_kept AS is_kept,
    _b.timing AS timing,
    _b.is_moved_date AS is_moved_date,
    _b.years AS years,
    _b.currency AS currency,
    _b.value_before AS value_before,
    _b.value_after AS value_after,
    toUInt8(NOT _b.is_decided AND _b.due_at + toIntervalDay(_g.days) > ${now}) AS is_in_grace,
    tupleElement(_b.due_owner, 1) AS owner,
    _b.owner_before AS owner_before,
    _b.is_handed_over AS is_handed_over,
    _b.entities AS entities
FROM (SELECT *, 'renewal_grace_days' AS policy FROM ${cx}.renewal_owned) AS _b
ASOF LEFT JOIN ${cx}.renewal_grace AS _g ON _b.policy = _g.policy AND _b.due_at >= _g.valid_from
