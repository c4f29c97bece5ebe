/*
comment: Tickets and requesters by month or quarter and slice, for each active account
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, manager (owner as of the ticket, and of each day of an account) or segment (the same)
  dimension_value: Slice; empty for all, and for what belongs to none
  value: Tickets for each active account
  numerator: Tickets opened in the window
  denominator: Active accounts, those of a part of the window by its share of the days
  n: Accounts active on any day of the window
  requesters: Different contacts who opened them; tickets without a contact count as one each
  requesters_per_account: Requesters for each active account
  low_sample: 1 when n is below the low-sample threshold, read with care
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Contact rate
  formula: tickets opened in the window / active accounts
  unit: tickets per account
  numerator: tickets opened in the window
  denominator: active accounts, prorated by days
  interval: none
  source: tickets per customer, and unique requesters per customer as Helpshift counts them
  edge_cases: >-
    An account is active from the day on which it is first known until its lifecycle is churned, former, cancelled or
    closed; where it is so for a part of the window it counts by its share of the window's days, of those up to today before
    the window has ended. Tickets of accounts that nobody has told of count in the numerator. NULL without active accounts.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    if(denominator = 0, NULL, numerator / denominator) AS value,
    toFloat64(sum(tickets)) AS numerator,
    sum(days) / (toUInt32(least(window_end, toDate(${now}, '${zone}') + 1)) - toUInt32(window_start)) AS denominator,
    toInt64(uniqExactIf(account_id, days > 0)) AS n,
    toInt64(uniqExactIf((account_id, person), tickets > 0)) AS requesters,
    if(denominator = 0, NULL, requesters / denominator) AS requesters_per_account,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        grain,
        window_start,
        if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
        _d.dimension AS dimension,
        multiIf(dimension = 'manager', owner, dimension = 'segment', segment, '') AS dimension_value,
        account_id,
        person,
        tickets,
        days
    FROM
    (
        SELECT
            grain,
            if(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
            account_id,
            owner,
            segment,
            person,
            1 AS tickets,
            0 AS days
        FROM
        (
            SELECT
                account_id,
                toDate(least(moment, ${end_of_days}), '${zone}') AS day,
                owner,
                ifNull(_s.slice, '') AS segment,
                if(requester_id = '', concat('ticket ', fact_id), concat('contact ', requester_id)) AS person
            FROM
            (
                SELECT _a.*, if(_o.valid_to IS NULL OR _a.moment < _o.valid_to, ifNull(_o.slice, ''), '') AS owner
                FROM ${cx}.opened_ticket AS _a
                ASOF LEFT JOIN ${cx}.owner_history AS _o ON _a.account_id = _o.account_id AND _a.moment >= _o.valid_from
            ) AS _b
            ASOF LEFT JOIN ${cx}.segment_history AS _s ON _b.account_id = _s.account_id AND _b.moment >= _s.valid_from
        ) AS _t
        CROSS JOIN (SELECT arrayJoin(['month', 'quarter']) AS grain) AS _g
        UNION ALL
        SELECT
            tupleElement(each, 1) AS grain,
            tupleElement(each, 2) AS window_start,
            account_id,
            owner,
            segment,
            '' AS person,
            0 AS tickets,
            toUInt32(least(until, tupleElement(each, 3))) - toUInt32(greatest(from_day, tupleElement(each, 2))) AS days
        FROM
        (
            SELECT
                *,
                least(until_day, toDate(${now}, '${zone}') + 1) AS until,
                arrayJoin(
                    arrayConcat(
                        arrayMap(
                            m -> (
                                'month',
                                addMonths(toStartOfMonth(from_day), m),
                                addMonths(toStartOfMonth(from_day), m + 1)
                            ),
                            range(toUInt32(greatest(dateDiff('month', from_day, until) + 1, 0)))
                        ),
                        arrayMap(
                            q -> (
                                'quarter',
                                addMonths(toStartOfQuarter(from_day), q * 3),
                                addMonths(toStartOfQuarter(from_day), q * 3 + 3)
                            ),
                            range(toUInt32(greatest(dateDiff('quarter', from_day, until) + 1, 0)))
                        )
                    )
                ) AS each
            FROM ${cx}.active_account_day
            WHERE from_day < until
        )
        WHERE tupleElement(each, 2) < until
    ) AS _c
    CROSS JOIN (SELECT arrayJoin(['all', 'manager', 'segment']) AS dimension) AS _d
)
GROUP BY grain, window_start, window_end, dimension, dimension_value
