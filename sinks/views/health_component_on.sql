/*
comment: >-
  Components of the health of every account by every model at the end of any UTC day, as corrected, worked out from the tables of all
  topics: one row per account, model and component. Ask with a day: WHERE day = '2026-03-31'
columns:
  account_id: Account
  day: UTC day at whose end it is so
  model_id: Model of health
  variant_id: Variant of the model that was for the account
  model_version: Version of the variant
  component: Component of the variant
  place: Its place in the model, from 1
  signal: What it reads
  raw: Number that it read; NULL without data, or where that is too old
  value: Points from 0 to 100; NULL without data
  weight: Weight that it has by then, as the model gives it and age has faded it; 0 without data
  full_weight: Weight that the model gives it
  share: Share of the weight that had data, from 0 to 1
  since: UTC day that its age counts from; NULL where it has no age
  coverage: Share of all weight of the model that had data, from 0 to 1
*/
SELECT
    account_id,
    day,
    model_id,
    tupleElement(variant, 'variant_id') AS variant_id,
    tupleElement(variant, 'version') AS model_version,
    tupleElement(line, 1) AS component,
    toUInt16(place) AS place,
    tupleElement(line, 2) AS signal,
    tupleElement(line, 3) AS raw,
    if(tupleElement(line, 4) IS NULL, NULL, toFloat64(tupleElement(line, 4)) / 100) AS value,
    toFloat64(tupleElement(line, 6)) / toFloat64(scale) AS weight,
    toFloat64(tupleElement(line, 5)) AS full_weight,
    if(_h.weight = 0, 0., toFloat64(tupleElement(line, 6)) / toFloat64(_h.weight)) AS share,
    if(tupleElement(line, 7) = 0 OR tupleElement(line, 3) IS NULL, NULL, toDate32(tupleElement(line, 7))) AS since,
    toFloat64(_h.coverage) / 10000 AS coverage
FROM ${cx}.health_line AS _h
ARRAY JOIN every AS line, arrayEnumerate(every) AS place
