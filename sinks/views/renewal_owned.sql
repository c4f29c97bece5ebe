/*
comment: >-
  Renewals with the manager, pod and lead of three moments, of the day it is due, 60 days before, and of the decision
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
  due_owner: Manager, pod and lead who own the account when it is due, as far as known; empty when nobody does
  owner_before: Manager who owned it 60 days before; empty when nobody did
  decider: Manager, pod and lead who owned it when it was decided, or when it is due while undecided; empty when nobody did
  is_handed_over: 1 when the managers of the due date and of 60 days before are different ones
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    _t.account_id AS account_id,
    _t.contract_id AS contract_id,
    _t.term_no AS term_no,
    _t.fact_id AS fact_id,
    _t.status AS status,
    _t.starts_at AS starts_at,
    _t.due_at AS due_at,
    _t.first_due_at AS first_due_at,
    _t.notice_at AS notice_at,
    _t.decided_at AS decided_at,
    _t.is_auto_renew AS is_auto_renew,
    _t.is_decided AS is_decided,
    _t.is_kept AS is_kept,
    _t.timing AS timing,
    _t.is_moved_date AS is_moved_date,
    _t.years AS years,
    _t.currency AS currency,
    _t.value_before AS value_before,
    _t.value_after AS value_after,
    _t.held[1] AS due_owner,
    tupleElement(_t.held[2], 1) AS owner_before,
    _t.held[3] AS decider,
    toUInt8(tupleElement(due_owner, 1) != owner_before AND tupleElement(due_owner, 1) != '' AND owner_before != '')
        AS is_handed_over,
    _t.entities AS entities
FROM
(
    SELECT
        _r.*,
        -- The account's assignments are joined once, and looked through for each of the three moments.
        arrayMap(
            (at, last) -> if(
                tupleElement(last, 2) IS NULL OR at < tupleElement(last, 2),
                (tupleElement(last, 3), tupleElement(last, 4), tupleElement(last, 5)),
                ('', '', '')
            ),
            [_r.due_at, _r.due_at - toIntervalDay(60), ifNull(_r.decided_at, _r.due_at)] AS moments,
            arrayMap(at -> arrayLast(each -> tupleElement(each, 1) <= at, _o.owners), moments)
        ) AS held
    FROM ${cx}.renewal_term AS _r
    LEFT JOIN ${cx}.owner_course AS _o ON _r.account_id = _o.account_id
) AS _t
