SELECT
    f.*,
    d.dimension AS dimension,
    multiIf(
        dimension = 'all', '',
        ${slices}dimension = 'manager', owner,
        segment
    ) AS dimension_value
FROM
(
    SELECT b.*, ifNull(s.slice, '') AS segment
    FROM
    (
        SELECT a.*, if(o.valid_to IS NULL OR a.moment < o.valid_to, ifNull(o.slice, ''), '') AS owner
        FROM (SELECT * FROM ${cx}.${facts_view} ${where}) AS a
        ASOF LEFT JOIN ${cx}.owner_history AS o ON a.account_id = o.account_id AND a.moment >= o.valid_from
    ) AS b
    ASOF LEFT JOIN ${cx}.segment_history AS s ON b.account_id = s.account_id AND b.moment >= s.valid_from
) AS f
CROSS JOIN (SELECT arrayJoin([${dimensions}]) AS dimension) AS d
