/*
comment: Margins with what hours cost, however few people that tells of; for those who may know what a person costs
columns:
  grain: month, quarter, or total for all time
  window_start: First day of the window, in the company's time zone; of total 1970-01-01
  window_end: First day after the window; of total 2149-06-06
  dimension: all, account, project, manager (owner as of the fact) or segment (as of the fact)
  dimension_value: Slice; empty for all, and for what belongs to none; of project the account's work without a project
  account_id: Account of a project; empty elsewhere
  revenue: Invoiced without tax
  pass_through: Bought in the customer's stead
  agi: Adjusted gross income, revenue less what was passed through
  labour: What priced delivery hours cost
  contractors: Costs of contractors
  other_delivery: Other costs of delivery
  overhead: Costs and priced hours that are no delivery
  unsorted: Costs of an unknown kind
  minutes: Delivery time
  overhead_minutes: Time that is no delivery
  unsorted_minutes: Time of an unknown kind
  unpriced_minutes: Delivery time of which nobody knows what it costs
  without_rate: Amounts that are left out because their exchange rate is not known
  people: People who delivered
  n: Invoice lines, costs and entries of time
*/
SELECT
    tupleElement(window, 1) AS grain,
    tupleElement(window, 2) AS window_start,
    tupleElement(window, 3) AS window_end,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    tupleElement(slice, 3) AS account_id,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'revenue'), 6) / 1000000 AS revenue,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'pass_through'), 6) / 1000000 AS pass_through,
    revenue - pass_through AS agi,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'delivery_time'), 6) / 1000000 AS labour,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'contractor'), 6) / 1000000 AS contractors,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'delivery'), 6) / 1000000 AS other_delivery,
    toDecimal128(sumIf(toInt128(amount_micros), kind IN ('overhead', 'overhead_time')), 6) / 1000000 AS overhead,
    toDecimal128(sumIf(toInt128(amount_micros), kind = 'unsorted'), 6) / 1000000 AS unsorted,
    toInt64(sumIf(_all.minutes, kind = 'delivery_time')) AS minutes,
    toInt64(sumIf(_all.minutes, kind = 'overhead_time')) AS overhead_minutes,
    toInt64(sumIf(_all.minutes, kind = 'unsorted_time')) AS unsorted_minutes,
    toInt64(sumIf(_all.minutes, kind = 'delivery_time' AND has_rate = 0)) AS unpriced_minutes,
    toInt64(countIf(has_rate = 0 AND NOT endsWith(kind, '_time'))) AS without_rate,
    toInt64(uniqExactIf(person_id, kind = 'delivery_time')) AS people,
    toInt64(count()) AS n
FROM
(
    SELECT
        _f.project_id AS project_id,
        _f.kind AS kind,
        _f.amount_micros AS amount_micros,
        _f.minutes AS minutes,
        _f.has_rate AS has_rate,
        _f.person_id AS person_id,
        toDate(least(_f.moment, ${end_of_days}), '${zone}') AS day,
        arrayJoin([
            ('month', toStartOfMonth(day), addMonths(toStartOfMonth(day), 1)),
            ('quarter', toStartOfQuarter(day), addMonths(toStartOfQuarter(day), 3)),
            ('total', toDate('1970-01-01'), toDate('2149-06-06'))
        ]) AS window,
        arrayJoin([
            ('all', '', ''),
            ('account', _f.account_id, ''),
            ('project', _f.project_id, _f.account_id),
            ('manager', _f.owner, ''),
            ('segment', ifNull(_s.slice, ''), '')
        ]) AS slice
    FROM
    (
        SELECT _g.*, if(_o.valid_to IS NULL OR _g.moment < _o.valid_to, ifNull(_o.slice, ''), '') AS owner
        FROM
        (
            SELECT moment, account_id, kind, project_id, amount_micros, minutes, has_rate, '' AS person_id
            FROM ${cx}.work_fact
            WHERE minutes = 0
            UNION ALL
            SELECT
                moment,
                account_id,
                if(kind = 'UNKNOWN', 'unsorted_time', concat(lower(kind), '_time')),
                project_id,
                cost_micros,
                minutes,
                has_cost,
                person_id
            FROM ${cx}.pay_time_cost
        ) AS _g
        ASOF LEFT JOIN ${cx}.owner_history AS _o ON _g.account_id = _o.account_id AND _g.moment >= _o.valid_from
    ) AS _f
    ASOF LEFT JOIN ${cx}.segment_history AS _s ON _f.account_id = _s.account_id AND _f.moment >= _s.valid_from
) AS _all
GROUP BY grain, window_start, window_end, dimension, dimension_value, account_id
