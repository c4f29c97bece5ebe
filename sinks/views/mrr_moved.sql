/*
comment: >-
  Movements of recurring revenue by the manager and segment of their time; what an account takes along when either
  changes is a movement of kind handed_over from the one to the other
columns:
  moment: When it took effect, UTC
  account_id: Account
  policy: MRR policy
  plan_id: Plan
  product_line: Product line; empty when not told
  owner: Manager who owned the account then; empty when nobody did
  segment: Segment of the account then; empty when not told
  kind: Kind of movement as in mrr_flow, or handed_over
  line: Of an expansion, upsell or cross_sell; empty where no product line is told
  moved_pico: Change per month in units of 10^-12 of the reporting currency, exact
  without_rate: 1 when it is left out because its exchange rate is not known
*/
SELECT
    tupleElement(part, 1) AS moment,
    account_id,
    policy,
    plan_id,
    product_line,
    tupleElement(part, 2) AS owner,
    tupleElement(part, 3) AS segment,
    if(tupleElement(part, 4) = 0, kind, 'handed_over') AS kind,
    if(tupleElement(part, 4) = 0, line, '') AS line,
    if(tupleElement(part, 4) = -1, -reported_pico, reported_pico) AS moved_pico,
    toUInt8(tupleElement(part, 4) = 0 AND has_rate = 0) AS without_rate
FROM
(
    SELECT
        _f.*,
        arrayLast(p -> tupleElement(p, 1) <= _f.moment, _h.course) AS stands,
        arrayFilter(p -> tupleElement(p, 1) > _f.moment AND tupleElement(p, 1) <= ${now}, _h.course) AS comes,
        arrayJoin(arrayConcat(
            [(_f.moment, tupleElement(stands, 2), tupleElement(stands, 3), toInt8(0))],
            arrayMap(
                (to, from) -> (tupleElement(to, 1), tupleElement(from, 2), tupleElement(from, 3), toInt8(-1)),
                comes,
                arrayPopBack(arrayPushFront(comes, stands))
            ),
            arrayMap(to -> (tupleElement(to, 1), tupleElement(to, 2), tupleElement(to, 3), toInt8(1)), comes)
        )) AS part
    FROM ${cx}.mrr_flow AS _f
    LEFT JOIN ${cx}.account_slice AS _h ON _f.account_id = _h.account_id
)
