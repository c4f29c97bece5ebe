/*
comment: >-
  Health of every account by every model at the end of any UTC day, as corrected, worked out from the tables of all topics and not from
  what the account stage wrote; broken_invariant compares the two. Ask with a day: WHERE day = '2026-03-31'
columns:
  account_id: Account
  day: UTC day at whose end it is so; of today, as if nothing more happened
  model_id: Model of health that was in force; several stand side by side
  variant_id: Variant of the model that was for the account; empty where none was
  model_version: Version of the variant
  score: Score from 0 to 100; NULL where coverage is below the least of the model
  coverage: Share of weight that had data, from 0 to 1; weights of old answers have faded by the day
  band: Band of the score, as the model names it; unknown where there is no score
  bands_version: Version of the table of bands
  disagreement: How score and money disagree, being money_below, money_above or leaving; empty where they do not
  override: Score or band that a person set, beside the computed one; empty without
  component_values: Points from 0 to 100 of each component, in the order of the model; NULL without data
*/
SELECT
    account_id,
    day,
    model_id,
    tupleElement(variant, 'variant_id') AS variant_id,
    tupleElement(variant, 'version') AS model_version,
    if(_h.score IS NULL, NULL, toFloat64(_h.score) / 100) AS score,
    toFloat64(_h.coverage) / 10000 AS coverage,
    if(
        _h.score IS NULL,
        'unknown',
        if(
            arrayExists(each -> _h.score <= tupleElement(each, 1), tupleElement(variant, 'bands')),
            tupleElement(arrayFirst(each -> ifNull(_h.score <= tupleElement(each, 1), 0), tupleElement(variant, 'bands')), 2),
            tupleElement(tupleElement(variant, 'bands')[-1], 2)
        )
    ) AS band,
    tupleElement(variant, 'bands_version') AS bands_version,
    multiIf(
        leaves = 1 AND band = tupleElement(tupleElement(variant, 'bands')[-1], 2), 'leaving',
        lean = 1, 'money_below',
        lean = -1, 'money_above',
        ''
    ) AS disagreement,
    override,
    arrayMap(line -> if(tupleElement(line, 4) IS NULL, NULL, toNullable(toFloat64(assumeNotNull(tupleElement(line, 4))) / 100)), every) AS component_values
FROM ${cx}.health_line AS _h
