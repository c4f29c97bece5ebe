/*
comment: >-
  The health of an account by each model in force at the end of a UTC day, in whole numbers: hundredths of a point, ten-thousandths of
  coverage; one row per account, day and model. Ask with a day
columns:
  account_id: Account
  day: UTC day at whose end it is so
  model_id: Model of health
  variant: Variant that is for the account; without a name where none is
  every: "Its components: name, signal, number that was read, value in hundredths, weight of the model, weight as it has faded in units of scale, day that its age counts from, part of the business"
  scale: Units of weight
  weight: Weight that has data, in these units
  whole: All weight, in these units
  mass: Sum of weight and value
  coverage: Share of weight that has data, in ten-thousandths
  score: Weighted mean in hundredths, halves rounded up; NULL where coverage is below the least of the model
  lean: 1 where money lies 40 points or more below surveys, support and relationship, -1 where it lies above, else 0
  leaves: 1 while an end is scheduled, or dunning goes on
  override: Score or band that a person set; empty without
*/
SELECT
    account_id,
    day,
    model_id,
    variant,
    every,
    scale,
    weight,
    whole,
    mass,
    if(whole = 0, toInt128(0), intDiv(10000 * weight, whole)) AS coverage,
    if(weight = 0 OR 10000 * weight < tupleElement(variant, 'minimum') * whole, NULL, toNullable(intDiv(2 * mass + weight, 2 * weight))) AS score,
    multiIf(
        soft = 0 OR hard = 0 OR score IS NULL, 0,
        abs(soft_mass * hard - hard_mass * soft) < 4000 * soft * hard, 0,
        soft_mass * hard > hard_mass * soft, 1,
        -1
    ) AS lean,
    leaves,
    override
FROM
(
    SELECT
        *,
        arraySum(line -> tupleElement(line, 6), every) AS weight,
        scale * arraySum(line -> tupleElement(line, 5), every) AS whole,
        arraySum(line -> tupleElement(line, 6) * ifNull(tupleElement(line, 4), 0), every) AS mass,
        arrayFilter(line -> tupleElement(line, 8) = 'soft', every) AS softs,
        arrayFilter(line -> tupleElement(line, 8) = 'hard', every) AS hards,
        arraySum(line -> tupleElement(line, 6), softs) AS soft,
        arraySum(line -> tupleElement(line, 6), hards) AS hard,
        arraySum(line -> tupleElement(line, 6) * ifNull(tupleElement(line, 4), 0), softs) AS soft_mass,
        arraySum(line -> tupleElement(line, 6) * ifNull(tupleElement(line, 4), 0), hards) AS hard_mass
    FROM
    (
        SELECT
            *,
            arrayMap(
                (component, raw, since, low, high) -> (
                    tupleElement(component, 'name'),
                    tupleElement(component, 'signal'),
                    raw,
                    -- The value of the last point that is reached, or on the line to the next one; before all that of the first.
                    if(
                        raw IS NULL,
                        NULL,
                        toNullable(
                            tupleElement(low, 2)
                            + if(
                                tupleElement(component, 'is_linear') = 1 AND raw >= tupleElement(low, 1) AND tupleElement(high, 1) > tupleElement(low, 1),
                                toInt64(
                                    round(
                                        (assumeNotNull(raw) - tupleElement(low, 1)) * (tupleElement(high, 2) - tupleElement(low, 2))
                                        / (tupleElement(high, 1) - tupleElement(low, 1))
                                    )
                                ),
                                0
                            )
                        )
                    ),
                    tupleElement(component, 'weight'),
                    multiIf(
                        raw IS NULL, toInt128(0),
                        tupleElement(component, 'is_fading') = 0, tupleElement(component, 'weight') * scale,
                        tupleElement(component, 'weight')
                        * greatest(0, tupleElement(component, 'max_age') - greatest(0, day_no - since))
                        * intDiv(scale, greatest(1, tupleElement(component, 'max_age')))
                    ),
                    since,
                    transform(
                        tupleElement(component, 'signal'),
                        [
                            'nps', 'csat', 'sla_breach_share', 'escalations_open', 'oldest_ticket_days', 'contact_rate', 'touch_days',
                            'sentiment', 'overdue_share', 'payments_failing', 'mrr_trend', 'cancels_scheduled'
                        ],
                        ['soft', 'soft', 'soft', 'soft', 'soft', 'soft', 'soft', 'soft', 'hard', 'hard', 'hard', 'hard'],
                        ''
                    )
                ),
                components,
                reads,
                dates,
                arrayMap(
                    (component, raw) -> if(
                        ifNull(raw >= tupleElement(tupleElement(component, 'points')[1], 1), 0),
                        arrayLast(point -> tupleElement(point, 1) <= assumeNotNull(raw), tupleElement(component, 'points')),
                        tupleElement(component, 'points')[1]
                    ),
                    components,
                    reads
                ),
                arrayMap(
                    (component, raw) -> if(
                        ifNull(raw < tupleElement(tupleElement(component, 'points')[-1], 1), 0),
                        arrayFirst(point -> tupleElement(point, 1) > assumeNotNull(raw), tupleElement(component, 'points')),
                        tupleElement(component, 'points')[-1]
                    ),
                    components,
                    reads
                )
            ) AS every
        FROM
        (
            SELECT
                *,
                tupleElement(variant, 'components') AS components,
                toInt128(
                    arrayFold(
                        (so_far, each) -> if(tupleElement(each, 'is_fading') = 1, lcm(so_far, toUInt64(tupleElement(each, 'max_age'))), so_far),
                        components,
                        toUInt64(1)
                    )
                ) AS scale,
                arrayMap(each -> sinces[indexOf(signals, tupleElement(each, 'signal'))], components) AS dates,
                -- What is as old as it may be at most has no value any more.
                arrayMap(
                    (each, since) -> if(
                        tupleElement(each, 'max_age') > 0 AND day_no - since >= tupleElement(each, 'max_age'),
                        NULL,
                        raws[indexOf(signals, tupleElement(each, 'signal'))]
                    ),
                    components,
                    dates
                ) AS reads
            FROM
            (
                SELECT
                    _r.account_id AS account_id,
                    _r.day AS day,
                    _r.day_no AS day_no,
                    _r.signals AS signals,
                    _r.raws AS raws,
                    _r.sinces AS sinces,
                    _r.leaves AS leaves,
                    _m.model_id AS model_id,
                    if(mapContains(_r.overrides, _m.model_id), _r.overrides[_m.model_id], _r.overrides['']) AS override,
                    -- Whole calendar months since the account started; NULL where nobody knows.
                    12 * (toYear(_r.day) - toYear(toDate32(_r.started_no))) + toMonth(_r.day) - toMonth(toDate32(_r.started_no))
                    - (toDayOfMonth(_r.day) < toDayOfMonth(toDate32(_r.started_no))) AS months,
                    arrayFirst(
                        each -> (empty(tupleElement(each, 'segments')) OR has(tupleElement(each, 'segments'), _r.segment))
                            AND (
                                (tupleElement(each, 'from_month') = 0 AND tupleElement(each, 'until_month') = 0)
                                OR ifNull(
                                    tupleElement(each, 'from_month') <= months
                                        AND (tupleElement(each, 'until_month') = 0 OR months < tupleElement(each, 'until_month')),
                                    0
                                )
                            ),
                        _m.variants
                    ) AS variant
                FROM ${cx}.health_reading AS _r
                CROSS JOIN ${cx}.health_model_span AS _m
                WHERE _m.from_at < _r.day_end AND _r.day_end <= _m.until_at
            )
        )
    )
)
