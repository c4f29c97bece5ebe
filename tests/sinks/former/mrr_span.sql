SELECT
    account_id,
    policy,
    subscription_id,
    item_id,
    plan_id,
    product_line,
    tupleElement(arrayLast(p -> tupleElement(p, 1) <= starts_at, owners), 2) AS owner,
    tupleElement(arrayLast(p -> tupleElement(p, 1) <= starts_at, segments), 2) AS segment,
    tupleElement(cut, 1) AS starts_at,
    tupleElement(cut, 2) AS ends_at,
    currency,
    mrr_micros,
    contract_micros,
    rate AS rate_micros,
    toInt128(mrr_micros) * rate AS reported_pico,
    toUInt8(rate > 0) AS has_rate,
    [concat('subscription:', subscription_id)] AS entities
FROM
(
    SELECT
        _i.*,
        _h.owners AS owners,
        _h.segments AS segments,
        arrayConcat(
            [_i.since],
            arraySort(arrayDistinct(arrayFilter(
                at -> at > _i.since AND at < _i.until,
                arrayMap(p -> tupleElement(p, 1), arrayConcat(_h.owners, _h.segments))
            )))
        ) AS cuts,
        arrayJoin(arrayZip(cuts, arrayPushBack(arrayPopFront(cuts), _i.until))) AS cut
    FROM
    (
        SELECT
            _m.account_id AS account_id,
            _m.policy AS policy,
            _m.subscription_id AS subscription_id,
            _m.item_id AS item_id,
            _m.plan_id AS plan_id,
            _m.product_line AS product_line,
            _m.valid_from AS since,
            ifNull(_m.valid_to, toDateTime64('2149-06-06 00:00:00', 6, 'UTC')) AS until,
            _m.code AS currency,
            _m.mrr_micros AS mrr_micros,
            _m.contract_micros AS contract_micros,
            _r.rate_micros AS rate
        FROM
        (
            SELECT * EXCEPT (policy, product_line, currency), toString(policy) AS policy,
                toString(product_line) AS product_line, toString(currency) AS code
            FROM ${cx}.mrr_item
            WHERE is_test = 0
        ) AS _m
        ASOF LEFT JOIN ${cx}.reporting_rate AS _r ON _m.code = _r.currency AND _m.rate_at >= _r.valid_from
    ) AS _i
    LEFT JOIN ${cx}.account_slice AS _h ON _i.account_id = _h.account_id
)
