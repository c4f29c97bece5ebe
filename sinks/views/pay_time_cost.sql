/*
comment: >-
  What each entry of time costs by the rate card as of when the work began: the person's rate, or else that of the role; for those
  who may know what a person costs
columns:
  moment: When the work began, UTC
  account_id: Account that the work was for
  time_entry_id: Entry of the timesheet
  project_id: Project; empty where it belongs to none
  person_id: Our person who worked
  role: Role that the person worked in; empty when not told
  kind: DELIVERY, OVERHEAD or UNKNOWN
  minutes: How long, in minutes
  rate_micros: What an hour costs, in millionths of the currency; 0 where no rate is in force
  currency: ISO 4217 currency of the rate; empty where none is in force
  has_cost: 1 where a rate and its exchange rate are known; other entries cost nobody knows what, and not nothing
  cost_micros: What the entry costs, in millionths of the reporting currency; 0 where that is not known
*/
SELECT
    _t.moment AS moment,
    _t.account_id AS account_id,
    _t.time_entry_id AS time_entry_id,
    _t.project_id AS project_id,
    _t.person_id AS person_id,
    _t.role AS role,
    _t.kind AS kind,
    _t.minutes AS minutes,
    tupleElement(_t.rate, 1) AS rate_micros,
    _t.currency AS currency,
    toUInt8(rate_micros > 0 AND _r.rate_micros > 0) AS has_cost,
    toInt64(intDiv(toInt128(_t.minutes) * tupleElement(_t.rate, 1) * _r.rate_micros, 60000000)) AS cost_micros
FROM
(
    SELECT
        _a.moment AS moment,
        _a.account_id AS account_id,
        _a.time_entry_id AS time_entry_id,
        _a.project_id AS project_id,
        _a.person_id AS person_id,
        _a.role AS role,
        _a.kind AS kind,
        _a.minutes AS minutes,
        multiIf(
            tupleElement(_a.own, 1) > 0, _a.own,
            _b.rate_micros > 0 AND (_b.valid_to IS NULL OR _a.moment < _b.valid_to), (_b.rate_micros, toString(_b.currency)),
            (toInt64(0), '')
        ) AS rate,
        tupleElement(rate, 2) AS currency
    FROM
    (
        SELECT
            _e.worked_at AS moment,
            _e.account_id AS account_id,
            _e.time_entry_id AS time_entry_id,
            _e.project_id AS project_id,
            _e.person_id AS person_id,
            toString(_e.role) AS role,
            toString(_e.kind) AS kind,
            _e.minutes AS minutes,
            if(
                _p.rate_micros > 0 AND (_p.valid_to IS NULL OR _e.worked_at < _p.valid_to),
                (_p.rate_micros, toString(_p.currency)),
                (toInt64(0), '')
            ) AS own
        FROM (SELECT * FROM ${cx}.pay_time_entry WHERE is_test = 0) AS _e
        ASOF LEFT JOIN (SELECT * FROM ${cx}.pay_rate_card WHERE subject = 'person') AS _p
            ON _e.person_id = _p.subject_id AND _e.worked_at >= _p.valid_from
    ) AS _a
    ASOF LEFT JOIN (SELECT * FROM ${cx}.pay_rate_card WHERE subject = 'role') AS _b
        ON _a.role = _b.subject_id AND _a.moment >= _b.valid_from
) AS _t
ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _t.currency = _r.currency AND _t.moment >= _r.valid_from
