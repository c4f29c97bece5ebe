SELECT
    account_id,
    model_id,
    _h.at AS since,
    variant_id,
    model_version,
    score,
    coverage,
    band,
    previous_band,
    override,
    disagreement,
    arrayMap(pair -> tupleElement(pair, 1), _dearest) AS weakest,
    arrayMap(pair -> round(tupleElement(pair, 2), 2), _dearest) AS points_lost,
    changed_by,
    event_id
FROM
(
    SELECT
        *,
        lagInFrame(toString(band), 1, '') OVER (
            PARTITION BY account_id, model_id ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS previous_band,
        arraySlice(
            arrayReverseSort(
                pair -> tupleElement(pair, 2),
                arrayFilter(
                    pair -> tupleElement(pair, 2) > 0.005 AND isNotNull(score),
                    arrayZip(components, arrayMap((share, brought) -> share * 100 - brought, weights, contributions))
                )
            ),
            1,
            3
        ) AS _dearest
    FROM ${cx}.account_health
    WHERE is_known = 0 AND at <= ${now}
        AND account_id NOT IN (SELECT account_id FROM ${cx}.account_identity WHERE survivor_id != account_id)
) AS _h
ORDER BY _h.at DESC
LIMIT 1 BY account_id, model_id
