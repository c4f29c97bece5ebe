/*
comment: Renewals of contracts with how each came out and when, without anything of the account; without test data
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
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    _r.account_id AS account_id,
    _r.contract_id AS contract_id,
    _r.term_no AS term_no,
    concat(_r.contract_id, '/', toString(_r.term_no)) AS fact_id,
    toString(_r.status) AS status,
    _r.starts_at AS starts_at,
    _r.due_at AS due_at,
    _r.first_due_at AS first_due_at,
    _r.notice_at AS notice_at,
    _r.decided_at AS decided_at,
    _r.auto_renew AS is_auto_renew,
    toUInt8(_r.status NOT IN ('open', 'overdue', 'unknown')) AS is_decided,
    toUInt8(is_decided AND _r.status != 'lost') AS is_kept,
    multiIf(
        NOT is_decided, '',
        toDate(least(assumeNotNull(_r.decided_at), ${end_of_days}), '${zone}')
            < toDate(least(_r.due_at, ${end_of_days}), '${zone}'), 'early',
        toDate(least(assumeNotNull(_r.decided_at), ${end_of_days}), '${zone}')
            = toDate(least(_r.due_at, ${end_of_days}), '${zone}'), 'in_time',
        'late'
    ) AS timing,
    toUInt8(_r.due_at != _r.first_due_at) AS is_moved_date,
    if(_r.ends_at IS NULL, 0, round(dateDiff('day', _r.starts_at, assumeNotNull(_r.ends_at)) / 365.25, 2)) AS years,
    toString(_r.currency) AS currency,
    toDecimal128(_r.target_micros, 6) / 1000000 AS value_before,
    toDecimal128(_r.final_micros, 6) / 1000000 AS value_after,
    [concat('contract:', _r.contract_id)] AS entities
FROM ${cx}.renewal AS _r
WHERE _r.is_test = 0
