/*
comment: When each version of a model of health was told, and from when to when it holds, so that no band is judged by what happened before anybody had it
columns:
  model_id: Model of health
  variant_id: Variant of the model
  model_version: Version of the variant
  valid_from: From when it holds, UTC, inclusive
  valid_to: Until when it holds, UTC, exclusive; NULL while no later version is set
  told_at: When Kafka stored the event that sets it, UTC
*/
SELECT
    _m.model_id AS model_id,
    _m.variant_id AS variant_id,
    _m.model_version AS model_version,
    _m.valid_from AS valid_from,
    _m.valid_to AS valid_to,
    _e.ingested_at AS told_at
FROM
(
    SELECT
        model_id,
        variant_id,
        model_version,
        valid_from,
        event_id,
        leadInFrame(toNullable(valid_from), 1, NULL) OVER (
            PARTITION BY model_id, variant_id ORDER BY valid_from ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS valid_to
    FROM ${cx}.health_model
) AS _m
INNER JOIN ${cx}.event AS _e ON _e.event_id = _m.event_id
