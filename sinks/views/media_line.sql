/*
comment: Lines of media plans, what was spent under each, and where it should stand by now
columns:
  account_id: Account that the media are for
  plan_id: Line of the plan
  project_id: Project; empty where it belongs to none
  channel: Channel; empty while the line is not known
  status: planned (to begin), running, over, cancelled, or incomplete while only what was spent is known
  currency: ISO 4217 currency of the line; of an incomplete one that of what was spent
  starts_at: When it begins to be spent, UTC; NULL while not known
  ends_at: When it is spent, UTC, exclusive; NULL while not known
  planned: What is to be spent; NULL while not known
  planned_by_now: Its part up to now, evenly over time; NULL while not known
  spent: What was spent in the currency of the line
  used: Spent against planned, in percent, above 100 where it is overspent; NULL where nothing was planned
  pace: Spent against planned_by_now, in percent; NULL where nothing should be spent yet
  unlike: Reports in another currency, which are in no amount here
  outside: Reports of times outside of the line's
  n: Reports of what was spent
  flags: other_currency, overspent, spent_outside and spent_under_cancelled, as far as they hold
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    account_id,
    plan_id,
    project_id,
    channel,
    multiIf(
        is_known = 0, 'incomplete', is_cancelled = 1, 'cancelled', ${now} < begins, 'planned', ${now} < ends, 'running', 'over'
    ) AS status,
    currency,
    if(is_known = 1, toNullable(begins), NULL) AS starts_at,
    if(is_known = 1, toNullable(ends), NULL) AS ends_at,
    if(is_known = 1, toNullable(toDecimal128(amount, 6) / 1000000), NULL) AS planned,
    planned * toDecimal64(share, 6) AS planned_by_now,
    toDecimal128(spent_micros, 6) / 1000000 AS spent,
    if(amount > 0, 100 * toFloat64(spent) / toFloat64(planned), NULL) AS used,
    if(amount > 0 AND share > 0, 100 * toFloat64(spent) / (toFloat64(planned) * share), NULL) AS pace,
    unlike,
    outside,
    n,
    arrayFilter(
        flag -> flag != '',
        [
            if(unlike > 0, 'other_currency', ''),
            if(is_known = 1 AND spent > planned, 'overspent', ''),
            if(is_cancelled = 1 AND n > 0, 'spent_under_cancelled', ''),
            if(outside > 0, 'spent_outside', '')
        ]
    ) AS flags,
    arrayConcat(if(is_known = 1, [concat('media_plan:', plan_id)], []), reports) AS entities
FROM
(
    SELECT
        account_id,
        plan_id,
        max(is_plan) AS is_known,
        anyIf(_l.project_id, is_plan = 1) AS project_id,
        anyIf(_l.channel, is_plan = 1) AS channel,
        anyIf(_l.is_cancelled, is_plan = 1) AS is_cancelled,
        anyIf(_l.begins, is_plan = 1) AS begins,
        anyIf(_l.ends, is_plan = 1) AS ends,
        anyIf(_l.amount_micros, is_plan = 1) AS amount,
        if(is_known = 1, anyIf(_l.currency, is_plan = 1), min(_l.currency)) AS currency,
        sumIf(toInt128(_l.amount_micros), is_plan = 0 AND _l.currency = _l.own) AS spent_micros,
        toInt64(countIf(is_plan = 0 AND _l.currency != _l.own)) AS unlike,
        toInt64(countIf(is_plan = 0 AND is_inside = 0)) AS outside,
        toInt64(countIf(is_plan = 0)) AS n,
        arraySort(groupArrayIf(report, is_plan = 0)) AS reports,
        if(
            is_known = 1,
            least(
                greatest(toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(begins), 0)
                / (toUnixTimestamp64Micro(ends) - toUnixTimestamp64Micro(begins)),
                1
            ),
            0
        ) AS share
    FROM
    (
        SELECT
            account_id,
            plan_id,
            project_id,
            toString(channel) AS channel,
            is_cancelled,
            starts_at AS begins,
            ends_at AS ends,
            amount_micros,
            toString(currency) AS currency,
            '' AS own,
            '' AS report,
            1 AS is_inside,
            1 AS is_plan
        FROM ${cx}.media_plan
        WHERE is_test = 0
        UNION ALL
        SELECT
            _s.account_id,
            _s.plan_id,
            '',
            '',
            0,
            _s.spent_at,
            _s.spent_at,
            _s.amount_micros,
            toString(_s.currency),
            if(_p.plan_id = '', toString(_s.currency), toString(_p.currency)),
            concat('media_spend:', _s.spend_id),
            toUInt8(_p.plan_id = '' OR (_s.spent_at >= _p.starts_at AND _s.spent_at < _p.ends_at)),
            0
        FROM (SELECT * FROM ${cx}.media_spend WHERE is_test = 0) AS _s
        LEFT JOIN (SELECT * FROM ${cx}.media_plan WHERE is_test = 0) AS _p
            ON _s.account_id = _p.account_id AND _s.plan_id = _p.plan_id
    ) AS _l
    GROUP BY account_id, plan_id
)
