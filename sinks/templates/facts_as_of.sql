SELECT f.*, if(h.valid_to IS NULL OR f.moment < h.valid_to, ifNull(h.slice, ''), '') AS dimension_value
FROM (SELECT * FROM ${cx}.${facts_view} ${where}) AS f
ASOF LEFT JOIN ${cx}.${history} AS h ON f.account_id = h.account_id AND f.moment >= h.valid_from
