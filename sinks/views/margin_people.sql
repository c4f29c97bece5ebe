/*
comment: Number of people below which a margin does not say what their hours cost
columns:
  least: Newest margin_min_people policy, or 2
*/
SELECT if(count() = 0, toUInt32(2), toUInt32(argMax(value, valid_from))) AS least
FROM ${cx}.policy
WHERE policy = 'margin_min_people' AND valid_from <= ${now}
