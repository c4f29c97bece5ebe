/*
comment: Models of health as they were in force, shipped ones too, one row per model and span without change; UTC
columns:
  model_id: Model
  from_at: From when it held, UTC, inclusive
  until_at: Until when, UTC, exclusive; far ahead while nothing else was set
  variants: Its variants in the order in which they decide
*/
SELECT
    model_id,
    from_at,
    until_at,
    arraySort(each -> (tupleElement(each, 'position'), tupleElement(each, 'variant_id')), groupArray(variant)) AS variants
FROM
(
    SELECT
        _v.model_id AS model_id,
        _e.from_at AS from_at,
        _e.until_at AS until_at,
        argMax(_v.variant, (_v.valid_from, _v.is_set)) AS variant
    FROM
    (
        SELECT
            edge AS from_at,
            leadInFrame(edge, 1, ${end_of_days}) OVER (ORDER BY edge ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until_at
        FROM
        (
            SELECT DISTINCT arrayJoin([toDateTime64(0, 6, 'UTC'), valid_from]) AS edge FROM ${cx}.health_model
            UNION DISTINCT
            SELECT toDateTime64(0, 6, 'UTC')
        )
    ) AS _e
    CROSS JOIN
    (
        SELECT
            model_id,
            variant_id,
            valid_from,
            is_set,
            CAST(
                (variant_id, version, position, is_active, segments, from_month, until_month, minimum, bands, bands_version, components),
                'Tuple(variant_id String, version String, position Int32, is_active UInt8, segments Array(String), from_month Int32,
                until_month Int32, minimum Int64, bands Array(Tuple(up_to Int64, name String)), bands_version String,
                components Array(Tuple(name String, signal String, weight Int64, points Array(Tuple(signal_from Float64, value Int64)),
                is_linear UInt8, max_age Int64, is_fading UInt8)))'
            ) AS variant
        FROM
        (
            SELECT
                tupleElement(shipped, 1) AS model_id,
                tupleElement(shipped, 2) AS variant_id,
                toDateTime64(0, 6, 'UTC') AS valid_from,
                toUInt8(0) AS is_set,
                tupleElement(shipped, 3) AS version,
                tupleElement(shipped, 4) AS position,
                toUInt8(1) AS is_active,
                tupleElement(shipped, 5) AS segments,
                tupleElement(shipped, 6) AS from_month,
                tupleElement(shipped, 7) AS until_month,
                tupleElement(shipped, 8) AS minimum,
                tupleElement(shipped, 9) AS bands,
                tupleElement(shipped, 10) AS bands_version,
                tupleElement(shipped, 11) AS components
            FROM
            (
                SELECT
                    arrayJoin(
                        CAST(
                            ${shipped_health},
                            'Array(Tuple(String, String, String, Int32, Array(String), Int32, Int32, Int64, Array(Tuple(Int64, String)), String,
                            Array(Tuple(String, String, Int64, Array(Tuple(Float64, Int64)), UInt8, Int64, UInt8))))'
                        )
                    ) AS shipped
            )
            UNION ALL
            SELECT
                toString(_m.model_id),
                toString(_m.variant_id),
                _m.valid_from,
                1,
                toString(_m.model_version),
                _m.position,
                _m.is_active,
                _m.segments,
                toInt32(_m.from_month),
                toInt32(_m.until_month),
                toInt64(round(_m.minimum_coverage * 10000)),
                arrayZip(arrayMap(each -> toInt64(round(each * 100)), _m.bands_up_to), _m.bands),
                toString(_m.bands_version),
                _c.components
            FROM ${cx}.health_model AS _m
            LEFT JOIN
            (
                SELECT
                    model_id,
                    variant_id,
                    valid_from,
                    arrayMap(
                        each -> tupleElement(each, 2),
                        arraySort(
                            groupArray((
                                place,
                                (
                                    toString(component),
                                    toString(signal),
                                    toInt64(weight),
                                    arrayZip(points_from, arrayMap(value -> toInt64(round(value * 100)), points_value)),
                                    is_linear,
                                    toInt64(max_age_days),
                                    is_fading
                                )
                            ))
                        )
                    ) AS components
                FROM ${cx}.health_component
                GROUP BY model_id, variant_id, valid_from
            ) AS _c ON _m.model_id = _c.model_id AND _m.variant_id = _c.variant_id AND _m.valid_from = _c.valid_from
        )
    ) AS _v
    WHERE _v.valid_from <= _e.from_at
    GROUP BY model_id, from_at, until_at, _v.variant_id
)
WHERE tupleElement(variant, 'is_active') = 1
GROUP BY model_id, from_at, until_at
