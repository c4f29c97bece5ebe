/*
comment: >-
  What customers talk about, how content those are, what was asked for, what it is worth and what became of it, by topic: for whoever
  decides what is built. Revenue stands once for each account within a topic, and may not be added up over topics
columns:
  topic_id: Topic of the taxonomy; empty for items of which none is told
  answers: Responses tagged with it
  answers_90d: Of these, of the last 90 days
  answers_before: Of the 90 days before these
  promoters: People whose answers within 90 days that name it say 9 or 10, by the latest
  detractors: People of whom that says 0 to 6
  n: People with an NPS answer within 90 days that names it
  nps: Net Promoter Score of these, in points; NULL without any
  low_sample: 1 when n is below the low-sample threshold
  items: Feedback items of it, duplicates with the item that took them in
  open: Of these, neither shipped nor declined
  shipped: Of these, shipped
  declined: Of these, declined
  accounts: Accounts that asked for any of them
  open_mrr: Recurring revenue per month now, in the reporting currency, of accounts that asked for what is open
  shipped_mrr: The same of accounts that asked for what has shipped
  reporters: Pairs of shipped item and account that asked for it
  told: Of these, told after it shipped
  told_rate: Told in percent of reporters; NULL where nothing shipped that anybody asked for
  median_days_to_ship: Median of the days from opened to shipped; NULL where nothing shipped
*/
SELECT
    _f.topic_id AS topic_id,
    _f.answers AS answers,
    toInt64(ifNull(_v.now_answers, 0)) AS answers_90d,
    toInt64(ifNull(_v.before_answers, 0)) AS answers_before,
    toInt64(_s.fans) AS promoters,
    toInt64(_s.critics) AS detractors,
    toInt64(_s.people) AS n,
    if(n = 0, NULL, 100 * (promoters - detractors) / n) AS nps,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    _f.items AS items,
    _f.open AS open,
    _f.shipped AS shipped,
    _f.declined AS declined,
    _f.accounts AS accounts,
    toDecimal128(intDiv(_m.open_pico, 1000000), 6) / 1000000 AS open_mrr,
    toDecimal128(intDiv(_m.shipped_pico, 1000000), 6) / 1000000 AS shipped_mrr,
    _f.reporters AS reporters,
    _f.told AS told,
    if(_f.reporters = 0, NULL, 100 * _f.told / _f.reporters) AS told_rate,
    _f.median_days_to_ship AS median_days_to_ship
FROM ${cx}.feedback_topic AS _f
LEFT JOIN
(
    SELECT
        topic_id,
        countIf(answer_day > addDays(toDate(${now}, '${zone}'), -90)) AS now_answers,
        countIf(answer_day <= addDays(toDate(${now}, '${zone}'), -90)) AS before_answers
    FROM
    (
        SELECT arrayJoin(topics) AS topic_id, toDate(least(moment, ${end_of_days}), '${zone}') AS answer_day
        FROM ${cx}.tagged_response
        WHERE moment <= ${now}
    )
    WHERE topic_id != '' AND answer_day > addDays(toDate(${now}, '${zone}'), -180)
    GROUP BY topic_id
) AS _v ON _f.topic_id = _v.topic_id
LEFT JOIN
(
    SELECT topic_id, countIf(last_score >= 9) AS fans, countIf(last_score <= 6) AS critics, count() AS people
    FROM
    (
        SELECT arrayJoin(topics) AS topic_id, account_id, person, argMax(score, (moment, fact_id)) AS last_score
        FROM ${cx}.topic_score
        WHERE moment <= ${now}
            AND toDate(least(moment, ${end_of_days}), '${zone}') > addDays(toDate(${now}, '${zone}'), -90)
        GROUP BY topic_id, account_id, person
    )
    WHERE topic_id != ''
    GROUP BY topic_id
) AS _s ON _f.topic_id = _s.topic_id
LEFT JOIN
(
    SELECT topic_id, sumIf(pico, is_open = 1) AS open_pico, sumIf(pico, has_shipped = 1) AS shipped_pico
    FROM
    (
        SELECT
            _i.topic_id AS topic_id,
            _r.account_id AS account_id,
            any(_r.now_pico) AS pico,
            max(_r.state NOT IN ('shipped', 'declined')) AS is_open,
            max(_r.state = 'shipped') AS has_shipped
        FROM ${cx}.feedback_reporter_mrr AS _r
        INNER JOIN (SELECT item_id, topic_id FROM ${cx}.feedback_item_now) AS _i ON _r.item_id = _i.item_id
        GROUP BY topic_id, account_id
    )
    GROUP BY topic_id
) AS _m ON _f.topic_id = _m.topic_id
