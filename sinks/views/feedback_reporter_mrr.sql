/*
comment: What accounts that asked for a feedback item pay now, and paid when they first asked; one row per item and account
columns:
  item_id: Feedback item, after merges
  account_id: Account that asked for it, as it counts now; what it pays is that of all accounts that count as it
  state: State of the item
  first_asked_at: When the account first asked, UTC
  now_pico: Recurring revenue per month now, in units of 10^-12 of the reporting currency, by the policy cxledger
  asked_pico: The same when the account first asked
  without_rate: 1 when some of either has no exchange rate, and is left out
*/
SELECT
    _r.item_id AS item_id,
    _r.account_id AS account_id,
    any(_r.state) AS state,
    any(_r.first_asked_at) AS first_asked_at,
    sumIf(_p.reported_pico, _p.starts_at <= ${now} AND _p.ends_at > ${now}) AS now_pico,
    sumIf(_p.reported_pico, _p.starts_at <= _r.first_asked_at AND _p.ends_at > _r.first_asked_at) AS asked_pico,
    toUInt8(countIf(
        _p.mrr_micros != 0 AND _p.has_rate = 0
        AND ((_p.starts_at <= ${now} AND _p.ends_at > ${now}) OR (_p.starts_at <= _r.first_asked_at AND _p.ends_at > _r.first_asked_at))
    ) > 0) AS without_rate
FROM (SELECT item_id, account_id, state, first_asked_at FROM ${cx}.feedback_reporter) AS _r
LEFT JOIN
(
    SELECT
        if(_w.survivor_id = '', _s.account_id, _w.survivor_id) AS account_id,
        _s.starts_at AS starts_at,
        _s.ends_at AS ends_at,
        _s.mrr_micros AS mrr_micros,
        _s.reported_pico AS reported_pico,
        _s.has_rate AS has_rate
    FROM (SELECT * FROM ${cx}.mrr_span WHERE policy = 'cxledger') AS _s
    LEFT JOIN ${cx}.account_identity AS _w ON _s.account_id = _w.account_id
) AS _p ON _r.account_id = _p.account_id
GROUP BY item_id, account_id
