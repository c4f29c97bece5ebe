/*
comment: What precision and recall of rules of risk are made of, as it was known then, one row per rule and episode, or rule and loss of revenue to churn
columns:
  rule_id: Rule of risk
  measure: precision (an episode) or recall (revenue that an account lost to churn at one moment)
  account_id: Account
  moment: When the episode was noticed, or the revenue lost, UTC
  fact_id: Episode; of a loss the rule and the moment
  is_ripe: 1 where it counts; 0 of an episode that is open or younger than 180 days
  numerator: 1 of an episode that counts and was right; of a loss the revenue, where it was seen coming
  denominator: 1 of an episode that counts; of a loss the revenue per month in the reporting currency
  event_id: Event that opened the episode; empty where a score or time alone did, and of a loss
  entities: Entities whose events make the loss, kind:id; empty of an episode
*/
SELECT
    rule_id,
    'precision' AS measure,
    account_id,
    noticed_at AS moment,
    episode_id AS fact_id,
    is_ripe,
    toFloat64(is_ripe = 1 AND is_right = 1) AS numerator,
    toFloat64(is_ripe) AS denominator,
    event_id,
    emptyArrayString() AS entities
FROM
(
    SELECT
        _e.rule_id AS rule_id,
        _e.account_id AS account_id,
        _e.episode_id AS episode_id,
        _e.noticed_at AS noticed_at,
        _e.opened_by AS event_id,
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
            argMin(event_id, since) AS opened_by,
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
UNION ALL
SELECT
    rule_id,
    'recall',
    account_id,
    moment,
    concat(rule_id, ' ', toString(moment)),
    toUInt8(1),
    lost * is_caught,
    lost,
    '',
    entities
FROM
(
    SELECT
        _w.rule_id AS rule_id,
        _c.account_id AS account_id,
        _c.moment AS moment,
        _c.lost AS lost,
        _c.entities AS entities,
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
        SELECT
            account_id,
            moment,
            -toFloat64(sum(reported_pico)) / 1000000000000 AS lost,
            arrayDistinct(groupArrayArray(entities)) AS entities
        FROM ${cx}.mrr_flow
        WHERE policy = 'cxledger' AND kind = 'churn'
        GROUP BY account_id, moment
    ) AS _c
    WHERE _c.moment >= _w.watched_from + INTERVAL 30 DAY
)
