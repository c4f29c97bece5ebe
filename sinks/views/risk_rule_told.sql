/*
comment: When each version of a rule of risk was told, so that no rule is judged by what happened before anybody had it
columns:
  rule_id: Rule of risk
  rule_version: Version
  told_at: When Kafka stored the last event that sets the version, UTC
*/
SELECT _r.rule_id AS rule_id, _r.rule_version AS rule_version, max(_e.ingested_at) AS told_at
FROM ${cx}.risk_rule AS _r
INNER JOIN ${cx}.event AS _e ON _e.event_id = _r.event_id
GROUP BY _r.rule_id, _r.rule_version
