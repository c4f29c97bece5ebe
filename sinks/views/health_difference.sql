/*
comment: >-
  Where the health that the account stage wrote and the one that follows from the tables part, for the accounts of health_sample; empty
  while all is well. An account is held against its last row before the end of the last whole UTC day: at the end of that row's day all
  of it, at the end of the last whole day variant, band, disagreement and override, as a score that changes within its band by time
  alone has no row
columns:
  account_id: Account
  model_id: Model of health
  day: UTC day at whose end both are taken
  is_whole: 1 where score and coverage are compared, too; components may change after the row, as long as these do not
  stage: What the account stage wrote; empty where it has no row
  tables: What the tables make; empty where they make nothing
*/
SELECT account_id, model_id, day, is_whole, stage, tables
FROM
(
    SELECT
        account_id,
        model_id,
        day,
        toUInt8(max(whole)) AS is_whole,
        countIf(source = 'stage') AS rows_of_stage,
        concat(anyIf(mark, source = 'stage'), if(is_whole = 1, anyIf(figures, source = 'stage'), '')) AS stage,
        concat(anyIf(mark, source = 'tables'), if(is_whole = 1, anyIf(figures, source = 'tables'), '')) AS tables
    FROM
    (
        SELECT
            'stage' AS source,
            account_id,
            model_id,
            tupleElement(looked, 1) AS day,
            tupleElement(looked, 2) AS whole,
            mark,
            figures
        FROM
        (
            SELECT
                account_id,
                toString(_h.model_id) AS model_id,
                toDate(${now} - INTERVAL 1 HOUR, 'UTC') - 1 AS last_day,
                toDate(max(at), 'UTC') AS row_day,
                argMax(concat(
                    variant_id, ' ', model_version, ': ', band, if(disagreement = '', '', concat(', ', disagreement)),
                    if(override = '', '', concat(', set to ', override))
                ), at) AS mark,
                argMax(concat(
                    ', ', ifNull(toString(round(score, 2)), 'no score'), ' by a coverage of ', toString(round(coverage, 4))
                ), at) AS figures,
                arrayJoin(arrayDistinct([(row_day, toUInt8(1)), (last_day, toUInt8(row_day = last_day))])) AS looked
            FROM ${cx}.account_health AS _h
            WHERE is_known = 0
                AND at < toDateTime64(toDate(${now} - INTERVAL 1 HOUR, 'UTC'), 6, 'UTC')
                AND account_id IN (SELECT account_id FROM ${cx}.health_sample)
            GROUP BY account_id, model_id
        )
        UNION ALL
        SELECT
            'tables',
            account_id,
            toString(model_id),
            day,
            0,
            concat(
                variant_id, ' ', model_version, ': ', band, if(disagreement = '', '', concat(', ', disagreement)),
                if(override = '', '', concat(', set to ', override))
            ),
            concat(
                ', ', ifNull(toString(round(score, 2)), 'no score'), ' by a coverage of ', toString(round(coverage, 4))
            )
        FROM ${cx}.health_on
        WHERE account_id IN (SELECT account_id FROM ${cx}.health_sample)
            AND day IN
            (
                SELECT toDate(max(at), 'UTC')
                FROM ${cx}.account_health
                WHERE is_known = 0
                    AND at < toDateTime64(toDate(${now} - INTERVAL 1 HOUR, 'UTC'), 6, 'UTC')
                    AND account_id IN (SELECT account_id FROM ${cx}.health_sample)
                GROUP BY account_id, model_id
                UNION ALL
                SELECT toDate(${now} - INTERVAL 1 HOUR, 'UTC') - 1
            )
    )
    GROUP BY account_id, model_id, day
)
WHERE stage != tables
    AND (rows_of_stage > 0 OR day = toDate(${now} - INTERVAL 1 HOUR, 'UTC') - 1)
    -- A model that is in force no longer has a last row that says nothing.
    AND NOT (tables = '' AND startsWith(stage, ' : unknown'))
