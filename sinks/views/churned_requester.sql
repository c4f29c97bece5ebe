/*
comment: Churn of recurring revenue of accounts that waited for a feedback item, each movement once
columns:
  moment: When the revenue ended, UTC
  account_id: Account whose revenue ended; it, or one that counts as the same, had asked
  fact_id: Subscription that ended
  policy: MRR policy
  reported_pico: Change per month in units of 10^-12 of the reporting currency, below 0; 0 while its rate is not known
  has_rate: 1 when its exchange rate is known
  reason: Why revenue ended
  items: Feedback items that the account had asked for and that had no outcome then
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _f.moment AS moment,
    _f.account_id AS account_id,
    _f.fact_id AS fact_id,
    _f.policy AS policy,
    _f.reported_pico AS reported_pico,
    _f.has_rate AS has_rate,
    _f.reason AS reason,
    arraySort(arrayMap(
        each -> tupleElement(each, 3),
        arrayFilter(each -> tupleElement(each, 1) <= _f.moment AND tupleElement(each, 2) > _f.moment, _r.asked)
    )) AS items,
    arraySort(arrayDistinct(arrayConcat(_f.entities, arrayFlatten(arrayMap(
        each -> tupleElement(each, 4),
        arrayFilter(each -> tupleElement(each, 1) <= _f.moment AND tupleElement(each, 2) > _f.moment, _r.asked)
    ))))) AS entities
FROM
(
    SELECT _c.*, if(_w.survivor_id = '', _c.account_id, _w.survivor_id) AS asker_id
    FROM (SELECT * FROM ${cx}.mrr_flow WHERE kind = 'churn') AS _c
    LEFT JOIN ${cx}.account_identity AS _w ON _c.account_id = _w.account_id
) AS _f
INNER JOIN
(
    SELECT account_id, groupArray((first_asked_at, ifNull(closed_at, ${end_of_days}), item_id, entities)) AS asked
    FROM ${cx}.feedback_reporter
    GROUP BY account_id
) AS _r ON _f.asker_id = _r.account_id
WHERE notEmpty(items)
