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
    _b.is_in_grace AS is_in_grace,
    _b.owner AS owner,
    if(_p.valid_to IS NULL OR _b.before_at < _p.valid_to, ifNull(_p.slice, ''), '') AS owner_before,
    toUInt8(owner != owner_before AND owner != '' AND owner_before != '') AS is_handed_over,
    _b.entities AS entities
FROM
(
    SELECT
        _a.*,
        if(_o.valid_to IS NULL OR _a.due_at < _o.valid_to, ifNull(_o.slice, ''), '') AS owner,
        _a.due_at - toIntervalDay(60) AS before_at
    FROM
    (
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
            toUInt8(status NOT IN ('open', 'overdue', 'unknown')) AS is_decided,
            toUInt8(is_decided AND status != 'lost') AS is_kept,
            toDate(least(_r.due_at, ${end_of_days}), '${zone}') AS due_day,
            toDate(least(assumeNotNull(_r.decided_at), ${end_of_days}), '${zone}') AS decided_day,
            multiIf(NOT is_decided, '', decided_day < due_day, 'early', decided_day = due_day, 'in_time', 'late') AS timing,
            toUInt8(_r.due_at != _r.first_due_at) AS is_moved_date,
            if(_r.ends_at IS NULL, 0, round(dateDiff('day', _r.starts_at, assumeNotNull(_r.ends_at)) / 365.25, 2)) AS years,
            toString(_r.currency) AS currency,
            toDecimal128(_r.target_micros, 6) / 1000000 AS value_before,
            toDecimal128(_r.final_micros, 6) / 1000000 AS value_after,
            toUInt8(NOT is_decided AND _r.due_at + toIntervalDay(_g.days) > ${now}) AS is_in_grace,
            [concat('contract:', _r.contract_id)] AS entities
        FROM (SELECT *, 'renewal_grace_days' AS policy FROM ${cx}.renewal WHERE is_test = 0) AS _r
        ASOF LEFT JOIN ${cx}.renewal_grace AS _g ON _r.policy = _g.policy AND _r.due_at >= _g.valid_from
    ) AS _a
    ASOF LEFT JOIN ${cx}.owner_history AS _o ON _a.account_id = _o.account_id AND _a.due_at >= _o.valid_from
) AS _b
ASOF LEFT JOIN ${cx}.owner_history AS _p ON _b.account_id = _p.account_id AND _b.before_at >= _p.valid_from
