/*
comment: >-
  Each step of what facts count for where settings or time decide: the facts themselves, as they counted when they became known,
  and what other settings and passed deadlines changed in each of them since
columns:
  step: fact, setting or time
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity
  whole: What a metric keeps apart of it, such as the currency
  moment: Moment that places the step in the metric's windows, UTC
  numerator_micros: What the numerator gained, in millionths
  denominator_micros: What the denominator gained, in millionths
  kind: Kind of the fact's own change
  reason: Reason of the fact's own change
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  cause: When the step became known, the event's id, source and time, and whether a load did it; of time the fact's own event
*/
SELECT
    tupleElement(made, 1) AS step,
    metric,
    account_id,
    entity_kind,
    entity_id,
    item,
    whole,
    tupleElement(made, 3) AS moment,
    tupleElement(made, 4) AS numerator_micros,
    tupleElement(made, 5) AS denominator_micros,
    kind,
    reason,
    old_value,
    new_value,
    tupleElement(made, 2) AS cause
FROM
(
    SELECT
        * EXCEPT (stages, causes),
        -- The stage that held at each place, with its beginning and its end.
        arrayMap(
            (stage, since, until) -> (stage, since, until),
            stages,
            arrayConcat([toDateTime64(0, 6, 'UTC')], tupleElement(causes, 1)),
            arrayPushBack(tupleElement(causes, 1), toDateTime64('2299-12-31 00:00:00', 6, 'UTC'))
        ) AS spans,
        stages[arrayCount(c -> tupleElement(c, 1) < ingested_at, causes) + 1] AS held,
        (ingested_at, event_id, source, occurred_at, toUInt8(0)) AS itself,
        arrayConcat(
            [(
                'fact',
                itself,
                tupleElement(held, 1),
                toInt64(if(ingested_at >= tupleElement(held, 4), tupleElement(held, 2), 0)),
                toInt64(tupleElement(held, 3))
            )],
            arrayFlatten(arrayMap(
                (c, was, now) -> if(
                    tupleElement(c, 1) < ingested_at OR was = now,
                    [],
                    [
                        (
                            'setting',
                            c,
                            tupleElement(was, 1),
                            toInt64(-if(tupleElement(c, 1) >= tupleElement(was, 4), tupleElement(was, 2), 0)),
                            toInt64(-tupleElement(was, 3))
                        ),
                        (
                            'setting',
                            c,
                            tupleElement(now, 1),
                            toInt64(if(tupleElement(c, 1) >= tupleElement(now, 4), tupleElement(now, 2), 0)),
                            toInt64(tupleElement(now, 3))
                        )
                    ]
                ),
                causes,
                arrayPopBack(stages),
                arrayPopFront(stages)
            )),
            arrayMap(
                s -> (
                    'time',
                    (tupleElement(tupleElement(s, 1), 4), event_id, source, ingested_at, toUInt8(0)),
                    tupleElement(tupleElement(s, 1), 1),
                    toInt64(tupleElement(tupleElement(s, 1), 2)),
                    toInt64(0)
                ),
                arrayFilter(
                    s -> tupleElement(tupleElement(s, 1), 4) > greatest(tupleElement(s, 2), ingested_at)
                        AND tupleElement(tupleElement(s, 1), 4) <= least(tupleElement(s, 3), ${now}),
                    spans
                )
            )
        ) AS steps
    FROM ${cx}.valued_fact
)
ARRAY JOIN steps AS made
