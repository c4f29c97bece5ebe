/*
comment: Number of observations below which a row is flagged as a low sample
columns:
  threshold: Newest low_sample_n policy, or the deployment's default
*/
SELECT if(count() = 0, toUInt32(${low_sample}), toUInt32(argMax(value, valid_from))) AS threshold
FROM ${cx}.policy
WHERE policy = 'low_sample_n'
