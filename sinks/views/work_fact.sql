/*
comment: >-
  What margins are made of but for what hours cost: revenue, costs and time, each at its own moment, money in the reporting
  currency by the exchange rate of that moment
columns:
  moment: When the invoice was issued, the cost incurred or the work begun, UTC
  account_id: Account
  fact_id: Invoice and line, entry of the books, or entry of the timesheet
  kind: revenue; of costs pass_through, contractor, delivery, overhead or unsorted; of time delivery_time, overhead_time or unsorted_time
  project_id: Project; empty where it belongs to none
  amount_micros: Money, in millionths of the reporting currency; 0 of time, and where no exchange rate is known
  minutes: Time, in minutes; 0 of money
  has_rate: 1 where the exchange rate is known, and of time
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _m.moment AS moment,
    _m.account_id AS account_id,
    _m.fact_id AS fact_id,
    _m.kind AS kind,
    _m.project_id AS project_id,
    toInt64(intDiv(toInt128(_m.amount_micros) * _r.rate_micros, 1000000)) AS amount_micros,
    toUInt32(0) AS minutes,
    toUInt8(_r.rate_micros > 0) AS has_rate,
    _m.entities AS entities
FROM
(
    SELECT moment, account_id, fact_id, 'revenue' AS kind, project_id, currency, amount_micros, entities
    FROM ${cx}.project_revenue
    UNION ALL
    SELECT
        incurred_at,
        account_id,
        cost_entry_id,
        if(kind = 'UNKNOWN', 'unsorted', lower(toString(kind))),
        project_id,
        toString(currency),
        amount_micros,
        [concat('cost_entry:', cost_entry_id)]
    FROM ${cx}.cost_entry
    WHERE is_test = 0
) AS _m
ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.currency = _r.currency AND _m.moment >= _r.valid_from
UNION ALL
SELECT
    worked_at,
    account_id,
    time_entry_id,
    if(kind = 'UNKNOWN', 'unsorted_time', concat(lower(toString(kind)), '_time')),
    project_id,
    0,
    minutes,
    1,
    [concat('time_entry:', time_entry_id)]
FROM ${cx}.time_entry
WHERE is_test = 0
