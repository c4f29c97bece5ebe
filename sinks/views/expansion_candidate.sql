/*
comment: >-
  Accounts with recurring revenue that could buy more, and what speaks against asking them now: for whoever sells to customers.
  One row per account; what is not known speaks neither for nor against it, except that somebody must have said that they are content
columns:
  account_id: Account
  owner: Manager who owns the account now; empty when nobody does
  segment: Segment of the account now; empty when not told
  mrr: Recurring revenue per month in the reporting currency, by the policy cxledger, of what has an exchange rate
  is_candidate: 1 when nothing speaks against it
  blockers: >-
    What speaks against it: no_promoter (nobody answered 9 or 10 within 90 days, latest answers count), detractor (somebody's latest
    answer within 90 days is 0 to 6), overdue (an invoice is past its due day), escalated (a ticket that is open was escalated),
    expanded (within 180 days), unused (the fullest meter with a limit stands below 80 percent of it)
  promoters: People whose latest answer within 90 days is 9 or 10
  detractors: People whose latest answer within 90 days is 0 to 6
  overdue_invoices: Invoices past their due day
  escalated_tickets: Tickets that are open and were escalated
  expanded_at: When its recurring revenue last expanded, UTC; NULL when it never did
  days_since_expansion: Days since then, for other bounds than 180
  used: Level of the fullest meter in percent of its limit; NULL without a meter that has one
  renewal_due_at: When the next undecided renewal is due, UTC; NULL without one
*/
SELECT
    _m.account_id AS account_id,
    _m.owner AS owner,
    _m.segment AS segment,
    toDecimal128(intDiv(_m.pico, 1000000), 6) / 1000000 AS mrr,
    toUInt8(empty(blockers)) AS is_candidate,
    -- Another condition, a score of health for one, is another name here.
    arrayFilter(name -> name != '', [
        if(promoters = 0, 'no_promoter', ''),
        if(detractors > 0, 'detractor', ''),
        if(overdue_invoices > 0, 'overdue', ''),
        if(escalated_tickets > 0, 'escalated', ''),
        if(ifNull(days_since_expansion < 180, 0), 'expanded', ''),
        if(ifNull(_u.used < 80, 0), 'unused', '')
    ]) AS blockers,
    toInt64(_n.promoters) AS promoters,
    toInt64(_n.detractors) AS detractors,
    toInt64(_i.overdue) AS overdue_invoices,
    toInt64(_t.escalated) AS escalated_tickets,
    _e.last_at AS expanded_at,
    if(
        _e.last_at IS NULL,
        NULL,
        toInt64(toDate(${now}, '${zone}') - toDate(least(assumeNotNull(_e.last_at), ${end_of_days}), '${zone}'))
    ) AS days_since_expansion,
    _u.used AS used,
    _r.next_at AS renewal_due_at
FROM
(
    SELECT account_id, any(_s.owner) AS owner, any(_s.segment) AS segment, sum(_s.reported_pico) AS pico
    FROM ${cx}.mrr_span AS _s
    WHERE policy = 'cxledger' AND starts_at <= ${now} AND ends_at > ${now}
    GROUP BY account_id
    HAVING max(mrr_micros) > 0
) AS _m
LEFT JOIN
(
    SELECT account_id, countIf(state = 'promoter') AS promoters, countIf(state = 'detractor') AS detractors
    FROM ${cx}.nps_person
    GROUP BY account_id
) AS _n ON _m.account_id = _n.account_id
LEFT JOIN
(
    SELECT account_id, count() AS overdue
    FROM ${cx}.receivable_span
    WHERE due_day < toDate(${now}, '${zone}') AND from_day <= toDate(${now}, '${zone}') AND until_day > toDate(${now}, '${zone}')
    GROUP BY account_id
) AS _i ON _m.account_id = _i.account_id
LEFT JOIN
(
    SELECT account_id, count() AS escalated
    FROM ${cx}.ticket
    WHERE is_test = 0 AND removed_at IS NULL AND status IN ('new', 'open', 'pending', 'hold') AND escalations > 0
    GROUP BY account_id
) AS _t ON _m.account_id = _t.account_id
LEFT JOIN
(
    SELECT account_id, maxOrNull(at) AS last_at
    FROM ${cx}.mrr_movement
    WHERE policy = 'cxledger' AND kind = 'expansion' AND is_test = 0 AND at <= ${now}
    GROUP BY account_id
) AS _e ON _m.account_id = _e.account_id
LEFT JOIN
(
    SELECT account_id, max(_w.used) AS used
    FROM ${cx}.usage_now AS _w
    GROUP BY account_id
) AS _u ON _m.account_id = _u.account_id
LEFT JOIN
(
    SELECT account_id, minOrNull(due_at) AS next_at
    FROM ${cx}.renewal_term
    WHERE is_decided = 0
    GROUP BY account_id
) AS _r ON _m.account_id = _r.account_id
