SELECT
    _f.*,
    _d.dimension AS dimension,
    multiIf(
        dimension = 'all', '',
        ${slices}dimension = 'manager', owner,
        segment
    ) AS dimension_value
FROM
(
    SELECT _b.*, ifNull(_s.slice, '') AS segment
    FROM
    (
        SELECT _a.*, if(_o.valid_to IS NULL OR _a.${owned_at} < _o.valid_to, ifNull(_o.slice, ''), '') AS owner
        FROM (SELECT * FROM ${cx}.${facts_view} ${where}) AS _a
        ASOF LEFT JOIN ${cx}.owner_history AS _o ON _a.account_id = _o.account_id AND _a.${owned_at} >= _o.valid_from
    ) AS _b
    ASOF LEFT JOIN ${cx}.segment_history AS _s ON _b.account_id = _s.account_id AND _b.${owned_at} >= _s.valid_from
) AS _f
CROSS JOIN (SELECT arrayJoin([${dimensions}]) AS dimension) AS _d
