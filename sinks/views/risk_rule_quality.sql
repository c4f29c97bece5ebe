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
metric:
  title: Precision and recall of rules of risk
  formula: >-
    precision: episodes followed by churn or downsell within 180 days of the notice, of episodes that are closed and 180 days old; recall: revenue lost to
    churn of accounts whose episode had been noticed and was open 30 days before, of all revenue lost to churn; times 100
  unit: percent
  numerator: precision, episodes that were right; recall, revenue per month in the reporting currency that was seen coming
  denominator: precision, episodes that count; recall, revenue per month lost to churn since the rule was watched
  interval: Wilson 95 % for precision; none for recall, whose accounts weigh unequally
  source: precision and recall as in information retrieval, on what was known then; recall by revenue is this project's (ADR 0171)
  edge_cases: >-
    An episode that never was (retracted), was merged away or whose rule was retired counts nowhere. One that opens again is one episode, from its
    first notice. A version of a rule counts from when Kafka had it, whatever date it holds from. Episodes that are open or young are maturing and not
    in the denominator, so that those that end soon do not come first. Losses in the first 30 days of a rule are none that it could have seen.
    Episode by episode and loss by loss, see risk_rule_outcome.
  version: 1
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
        measure,
        sum(_o.numerator) AS numerator,
        sum(_o.denominator) AS denominator,
        toInt64(if(measure = 'precision', countIf(is_ripe = 1), uniqExact(account_id))) AS n,
        toInt64(countIf(is_ripe = 0)) AS maturing,
        minOrNullIf(moment, is_ripe = 1) AS period_from,
        maxOrNullIf(moment, is_ripe = 1) AS period_to
    FROM ${cx}.risk_rule_outcome AS _o
    GROUP BY rule_id, measure
)
