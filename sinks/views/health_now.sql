/*
comment: >-
  Health of every account by every model as it stands, as corrected, with what costs it most; accounts that count as another one
  now are left out
columns:
  account_id: Account
  model_id: Model of health; several stand side by side
  since: From when on it has been said so, UTC; a score that fades within its band is dated by its last change
  variant_id: Variant of the model that is for the account; empty where none is
  model_version: Version of the variant
  score: Score from 0 to 100; NULL where too little is known
  coverage: Share of weight that had data, from 0 to 1
  band: Band of the score; unknown where there is none
  previous_band: Band before it; empty where it is the first
  override: Score or band that a person set, beside the computed one; empty without
  disagreement: How score and money disagree, being money_below, money_above or leaving; empty where they do not
  weakest: At most three components that cost the score most, the dearest first
  points_lost: Points of the score that each of them costs
  changed_by: Kind of entity that changed it last; empty where time or other rules did
  event_id: Event that changed it last; empty where none did
stored:
  order: [account_id, model_id]
*/
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
        _w.*,
        _l.previous_band AS previous_band,
        arraySlice(
            arrayReverseSort(
                pair -> tupleElement(pair, 2),
                arrayFilter(
                    pair -> tupleElement(pair, 2) > 0.005 AND isNotNull(_w.score),
                    arrayZip(_w.components, arrayMap((share, brought) -> share * 100 - brought, _w.weights, _w.contributions))
                )
            ),
            1,
            3
        ) AS _dearest
    FROM ${cx}.account_health AS _w
    INNER JOIN
    (
        -- What is narrow says which one is the newest; what is wide is read of that one alone.
        SELECT
            account_id,
            model_id,
            fromUnixTimestamp64Micro(-tupleElement(newest[1], 1), 'UTC') AS last_at,
            if(length(newest) > 1, tupleElement(newest[2], 2), '') AS previous_band
        FROM
        (
            SELECT account_id, model_id, groupArraySorted(2)((-toUnixTimestamp64Micro(at), toString(band))) AS newest
            FROM ${cx}.account_health
            WHERE is_known = 0 AND at <= ${now}
                AND account_id NOT IN (SELECT account_id FROM ${cx}.account_identity WHERE survivor_id != account_id)
            GROUP BY account_id, model_id
        )
    ) AS _l ON _w.account_id = _l.account_id AND _w.model_id = _l.model_id AND _w.at = _l.last_at
    WHERE _w.is_known = 0
) AS _h
