/*
comment: >-
  Money that came in, went back or changed what accounts pay, each fact in the parts of those who had a share of the account then; the
  parts of a fact add up to it
columns:
  account_id: Account
  fact_id: Payment, refund or subscription, as their views name them
  kind: collected, refunded or the kind of movement of recurring revenue
  moment: When it happened, UTC
  day: The same as a day of the company's time zone
  credited_at: Moment whose shares count, UTC; that of the payment for what a bank took back of it
  manager_id: Manager; empty for what was nobody's
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then; empty when not told
  currency: ISO 4217 currency of the amount
  pico: The part in units of 10^-12 of the currency
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    account_id,
    fact_id,
    kind,
    moment,
    toDate(least(moment, ${end_of_days}), '${zone}') AS day,
    credited_at,
    tupleElement(part, 1) AS manager_id,
    tupleElement(part, 2) AS pod_id,
    tupleElement(part, 3) AS lead_id,
    currency,
    intDiv(whole * tupleElement(part, 5), 10000) - intDiv(whole * tupleElement(part, 4), 10000) AS pico,
    entities
FROM
(
    SELECT
        _f.account_id AS account_id,
        _f.fact_id AS fact_id,
        _f.kind AS kind,
        _f.moment AS moment,
        _f.credited_at AS credited_at,
        _f.currency AS currency,
        _f.whole AS whole,
        _f.entities AS entities,
        arrayLast(each -> tupleElement(each, 1) <= _f.credited_at, _o.owners) AS last,
        tupleElement(last, 2) IS NULL OR _f.credited_at < tupleElement(last, 2) AS is_owned,
        arrayJoin(if(
            empty(_c.spans),
            [(
                if(is_owned, tupleElement(last, 3), ''),
                if(is_owned, tupleElement(last, 4), ''),
                if(is_owned, tupleElement(last, 5), ''),
                toInt64(0),
                toInt64(10000)
            )],
            arrayMap(
                each -> (
                    tupleElement(each, 3), tupleElement(each, 4), tupleElement(each, 5), tupleElement(each, 6), tupleElement(each, 7)
                ),
                arrayFilter(each -> tupleElement(each, 1) <= _f.credited_at AND tupleElement(each, 2) > _f.credited_at, _c.spans)
            )
        )) AS part
    FROM
    (
        SELECT
            account_id,
            fact_id,
            'collected' AS kind,
            moment,
            credited_at,
            toString(currency) AS currency,
            toInt128(amount * 1000000) * 1000000 AS whole,
            entities
        FROM ${cx}.received_payment
        UNION ALL
        SELECT account_id, fact_id, 'refunded', moment, moment, toString(currency), toInt128(amount * 1000000) * 1000000, entities
        FROM ${cx}.money_moved
        WHERE kind = 'refunded'
        UNION ALL
        SELECT account_id, fact_id, kind, moment, moment, '${reporting_currency}', reported_pico, entities
        FROM ${cx}.mrr_flow
        WHERE policy = 'cxledger'
    ) AS _f
    LEFT JOIN ${cx}.owner_course AS _o ON _f.account_id = _o.account_id
    LEFT JOIN ${cx}.credit_course AS _c ON _f.account_id = _c.account_id
)
