/*
comment: What became of accounts by the band of health that was known of them, one row per model, account and 1 January or 1 July on which it paid
columns:
  model_id: Model of health
  account_id: Account
  day: The day, in the company's time zone
  moment: Its beginning, UTC
  bands_version: Version of the table of bands
  band: Band as it was known then; unknown where there was no score
  is_lost: 1 where revenue of the account churned or was downsold within 180 days
*/
SELECT
    model_id,
    account_id,
    day,
    toTimeZone(moment, 'UTC') AS moment,
    tupleElement(stood, 3) AS bands_version,
    tupleElement(stood, 2) AS band,
    is_lost
FROM
(
    SELECT
        _h.model_id AS model_id,
        _h.account_id AS account_id,
        arrayJoin(arrayMap(half -> addMonths(toDate('2020-01-01'), 6 * half), range(toUInt64(2 * (toYear(${now}) - 2019))))) AS day,
        toDateTime64(day, 6, '${zone}') AS moment,
        arrayLast(each -> tupleElement(each, 1) <= moment, _h.course) AS stood,
        toUInt8(arrayExists(at -> at > moment AND at <= moment + INTERVAL 180 DAY, _l.lost)) AS is_lost
    FROM
    (
        SELECT account_id, model_id, arraySort(groupArray((at, toString(band), toString(bands_version)))) AS course
        FROM ${cx}.account_health
        WHERE is_known = 1
        GROUP BY account_id, model_id
    ) AS _h
    INNER JOIN
    (
        SELECT account_id, groupArray((starts_at, ends_at)) AS spans
        FROM ${cx}.mrr_span
        WHERE policy = 'cxledger' AND mrr_micros > 0
        GROUP BY account_id
    ) AS _p ON _p.account_id = _h.account_id
    LEFT JOIN
    (
        SELECT account_id, groupArray(moment) AS lost
        FROM ${cx}.mrr_flow
        WHERE policy = 'cxledger' AND kind IN ('churn', 'contraction')
        GROUP BY account_id
    ) AS _l ON _l.account_id = _h.account_id
    LEFT JOIN
    (
        SELECT model_id, groupArray((valid_from, valid_to, told_at)) AS settings
        FROM ${cx}.health_model_told
        GROUP BY model_id
    ) AS _t ON _t.model_id = _h.model_id
    WHERE moment + INTERVAL 180 DAY <= ${now}
        AND arrayExists(span -> tupleElement(span, 1) <= moment AND tupleElement(span, 2) > moment, _p.spans)
        AND arrayExists(each -> tupleElement(each, 1) <= moment, _h.course)
        -- A version that is dated back restates what was known: that score was nobody's warning on the day.
        AND NOT arrayExists(
            each -> tupleElement(each, 1) <= moment
                AND (tupleElement(each, 2) IS NULL OR tupleElement(each, 2) > moment)
                AND tupleElement(each, 3) > moment,
            _t.settings
        )
)
