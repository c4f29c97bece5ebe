SELECT
    grain,
    window_start,
    window_end,
    ${keys},
    toNullable(toFloat64(${value})) AS value,
    toFloat64(${numerator}) AS numerator,
    toFloat64(${denominator}) AS denominator,
    toInt64(${n}) AS n,
    ${ci_low} AS ci_low,
    ${ci_high} AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}') AND ${immature} = 0) AS is_final,
    toUInt8(${immature} > 0) AS maturing,
    ${as_of} AS as_of,
    ${columns}
FROM
(
${windows}
)
WHERE ${keep}
