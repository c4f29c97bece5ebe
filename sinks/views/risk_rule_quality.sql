/*
comment: >-
  How often each rule of risk was right, and what it saw coming, on episodes as they were known then and on what became of them after the rule was set
columns:
  rule_id: Rule of risk
  measure: >-
    precision: episodes that were followed by churn or downsell within 180 days of the notice, of episodes that are closed and 180 days old;
    recall: revenue lost to churn of accounts whose episode had been noticed and was open 30 days before, of all that was lost to churn
  value: In percent; NULL where there is nothing to count
  numerator: Episodes, or revenue per month in the reporting currency
  denominator: Episodes, or revenue per month in the reporting currency
  n: Episodes that count, or accounts that were lost
  ci_low: Lower bound of the 95 % interval (Wilson); NULL for recall, whose accounts weigh unequally
  ci_high: Upper bound of the 95 % interval (Wilson); NULL for recall
  low_sample: "1 when n is below the low-sample threshold: read with care"
  maturing: Episodes that do not count yet, being open or younger than 180 days; 0 for recall
  period_from: First notice, or first loss, that counts, UTC; NULL without any
  period_to: Last notice, or last loss, that counts, UTC; NULL without any
*/
SELECT
    rule_id,
    measure,
    if(denominator = 0, NULL, 100 * numerator / denominator) AS value,
    numerator,
    denominator,
    n,
    if(measure = 'precision', ${wilson_low}, NULL) AS ci_low,
    if(measure = 'precision', ${wilson_high}, NULL) AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    maturing,
    period_from,
    period_to
FROM
(
    SELECT
        rule_id,
        'precision' AS measure,
        toFloat64(countIf(is_ripe = 1 AND is_right = 1)) AS numerator,
        toFloat64(countIf(is_ripe = 1)) AS denominator,
        toInt64(countIf(is_ripe = 1)) AS n,
        toInt64(countIf(is_ripe = 0)) AS maturing,
        minOrNullIf(noticed_at, is_ripe = 1) AS period_from,
        maxOrNullIf(noticed_at, is_ripe = 1) AS period_to
    FROM
    (
        SELECT
            _e.rule_id AS rule_id,
            _e.noticed_at AS noticed_at,
            toUInt8(_e.is_closed = 1 AND _e.noticed_at + INTERVAL 180 DAY <= ${now}) AS is_ripe,
            toUInt8(arrayExists(at -> at > _e.noticed_at AND at <= _e.noticed_at + INTERVAL 180 DAY, _l.lost)) AS is_right
        FROM
        (
            SELECT
                account_id,
                rule_id,
                episode_id,
                min(noticed_at) AS noticed_at,
                argMin(rule_version, since) AS version,
                argMax(reason, since) AS last_reason,
                toUInt8(countIf(closed_at IS NULL) = 0) AS is_closed
            FROM ${cx}.risk_episode
            WHERE is_known = 1
            GROUP BY account_id, rule_id, episode_id
        ) AS _e
        LEFT JOIN ${cx}.risk_rule_told AS _r ON _r.rule_id = _e.rule_id AND _r.rule_version = _e.version
        LEFT JOIN
        (
            SELECT account_id, groupArray(moment) AS lost
            FROM ${cx}.mrr_flow
            WHERE policy = 'cxledger' AND kind IN ('churn', 'contraction')
            GROUP BY account_id
        ) AS _l ON _l.account_id = _e.account_id
        WHERE _e.last_reason NOT IN ('retracted', 'renamed', 'merged', 'model_retired') AND _e.noticed_at >= _r.told_at
    )
    GROUP BY rule_id
    UNION ALL
    SELECT
        rule_id,
        'recall' AS measure,
        sumIf(lost, is_caught = 1) AS numerator,
        sum(lost) AS denominator,
        toInt64(uniqExact(account_id)) AS n,
        toInt64(0) AS maturing,
        minOrNull(moment) AS period_from,
        maxOrNull(moment) AS period_to
    FROM
    (
        SELECT
            _w.rule_id AS rule_id,
            _c.account_id AS account_id,
            _c.moment AS moment,
            _c.lost AS lost,
            toUInt8(
                arrayExists(
                    each -> tupleElement(each, 1) = _c.account_id
                        AND tupleElement(each, 2) <= _c.moment - INTERVAL 30 DAY
                        AND tupleElement(each, 3) > _c.moment - INTERVAL 30 DAY,
                    _w.stretches
                )
            ) AS is_caught
        FROM
        (
            SELECT
                _k.rule_id AS rule_id,
                groupArrayIf((_k.account_id, _k.noticed_at, ifNull(_k.closed_at, ${now})), _k.noticed_at >= _r.told_at) AS stretches,
                if(countIf(_k.rule_version = 'default') > 0, (SELECT min(ingested_at) FROM ${cx}.event), min(_r.told_at)) AS watched_from
            FROM ${cx}.risk_episode AS _k
            LEFT JOIN ${cx}.risk_rule_told AS _r ON _r.rule_id = _k.rule_id AND _r.rule_version = _k.rule_version
            WHERE _k.is_known = 1
            GROUP BY _k.rule_id
        ) AS _w
        CROSS JOIN
        (
            SELECT account_id, moment, -toFloat64(sum(reported_pico)) / 1000000000000 AS lost
            FROM ${cx}.mrr_flow
            WHERE policy = 'cxledger' AND kind = 'churn'
            GROUP BY account_id, moment
        ) AS _c
        WHERE _c.moment >= _w.watched_from + INTERVAL 30 DAY
    )
    GROUP BY rule_id
)
