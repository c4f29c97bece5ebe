/*
comment: >-
  What became of accounts by the band of health that was known of them: those that paid on 1 January or 1 July, and lost revenue within 180 days. Half-years do not
  overlap, so an account counts once in each. A day counts for a model only where all versions in force on it had been told by then
columns:
  model_id: Model of health
  bands_version: Version of the table of bands
  band: Band as it was known on the day; unknown where there was no score
  value: Accounts that churned or were downsold within 180 days, in percent
  numerator: Of them, accounts that churned or were downsold
  denominator: Accounts and half-years
  n: Accounts and half-years
  ci_low: Lower bound of the 95 % interval (Wilson)
  ci_high: Upper bound of the 95 % interval (Wilson)
  low_sample: "1 when n is below the low-sample threshold: read with care"
  period_from: First day that counts
  period_to: Last day that counts; the 180 days after it are over
metric:
  title: Churn by band of health
  formula: accounts that lost revenue to churn or downsell within 180 days of 1 January or 1 July, of those that paid then, by the band known on the day; times 100
  unit: percent
  numerator: accounts and half-years followed by churn or downsell
  denominator: accounts and half-years in which the account paid on the day and had a row of health
  interval: Wilson 95 %; accounts of several half-years are taken for independent
  source: back-testing as GitLab asks of its health score; scores as known then, since corrected ones know the outcome (ADR 0171)
  edge_cases: >-
    What late data changed in a band counts nowhere, nor does a day on which a version of the model was in force that nobody had told yet
    (health_model_told). The last half-year counts once its 180 days are over. Half-years do not overlap. An account whose score was unknown
    counts in the band unknown. A pause of revenue is no loss. Account by account, see health_outcome.
  version: 1
*/
SELECT
    model_id,
    bands_version,
    band,
    100 * numerator / denominator AS value,
    toInt64(countIf(is_lost = 1)) AS numerator,
    toInt64(count()) AS denominator,
    toInt64(count()) AS n,
    ${wilson_low} AS ci_low,
    ${wilson_high} AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    min(day) AS period_from,
    max(day) AS period_to
FROM ${cx}.health_outcome
GROUP BY model_id, bands_version, band
