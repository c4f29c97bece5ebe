/*
comment: Who is at risk now and why, one row per account and open episode, as corrected; what a customer brings in stands at its worst episode alone
columns:
  account_id: Account
  customer_id: Account that it counts as now; itself where it counts as no other
  owner: Manager who owns the customer now; empty when nobody does
  segment: Segment of the customer now; empty when not told
  rule_id: Rule of risk
  rule_version: Version of the rule when the episode was noticed
  severity: low, medium or high, the worst so far
  opened_at: When the trouble began, UTC
  since: When it began anew, UTC; opened_at where it never paused
  noticed_at: When it had lasted long enough to be called a risk, UTC
  days_open: Whole days since it began
  score: Score of the account now by the shipped model or what replaced it, 0 to 100; NULL where too little is known
  band: Band of that score; empty without
  override: Score or band that a person set, beside it; empty without
  weakest: At most three components that cost that score most, the dearest first
  reopened: How often the episode has opened again
  event_id: Event that opened it; empty where a score or time alone did
  episode_id: Episode, named by the event that opened it as is known by now
  told_as: The same as it was told, which signals and messages name; empty where it never was
  is_worst: 1 at the worst episode of the customer, the oldest of equals
  mrr: Recurring revenue of the customer per month in the reporting currency, of what has an exchange rate
  mrr_counted: The same at the worst episode, 0 at the others, so that it can be added up
stored:
  order: [owner, severity, account_id, rule_id]
*/
SELECT
    _e.account_id AS account_id,
    _e.customer_id AS customer_id,
    _s.owner AS owner,
    _s.segment AS segment,
    _e.rule_id AS rule_id,
    _e.rule_version AS rule_version,
    _e.severity AS severity,
    _e.opened_at AS opened_at,
    _e.since AS since,
    _e.noticed_at AS noticed_at,
    toInt64(intDiv(toUnixTimestamp64Micro(${now}) - toUnixTimestamp64Micro(_e.opened_at), 86400000000)) AS days_open,
    _h.score AS score,
    _h.band AS band,
    _h.override AS override,
    _h.weakest AS weakest,
    _e.reopened AS reopened,
    _e.event_id AS event_id,
    _e.episode_id AS episode_id,
    _k.told_as AS told_as,
    _e.is_worst AS is_worst,
    toDecimal128(intDiv(_m.pico, 1000000), 6) / 1000000 AS mrr,
    toDecimal128(intDiv(if(_e.is_worst = 1, _m.pico, toInt128(0)), 1000000), 6) / 1000000 AS mrr_counted
FROM
(
    SELECT
        *,
        toUInt8(
            row_number() OVER (
                PARTITION BY customer_id
                ORDER BY transform(severity, ['low', 'medium', 'high'], [1, 2, 3], 0) DESC, opened_at, rule_id, account_id
            ) = 1
        ) AS is_worst
    FROM
    (
        SELECT _r.*, if(_i.survivor_id = '', _r.account_id, _i.survivor_id) AS customer_id
        FROM
        (
            SELECT * FROM ${cx}.risk_episode WHERE is_known = 0 AND closed_at IS NULL AND noticed_at <= ${now}
        ) AS _r
        LEFT JOIN ${cx}.account_identity AS _i ON _i.account_id = _r.account_id
    )
) AS _e
LEFT JOIN
(
    SELECT account_id, owner, segment
    FROM ${cx}.slice_now
    WHERE account_id IN
    (
        -- Who is at risk, and whoever was merged: no other account's owner or revenue is looked for.
        SELECT account_id FROM ${cx}.risk_episode WHERE is_known = 0 AND closed_at IS NULL
        UNION ALL
        SELECT arrayJoin([account_id, survivor_id]) FROM ${cx}.account_merge
        UNION ALL
        SELECT arrayJoin([account_id, survivor_id]) FROM ${cx}.linked_account
    )
) AS _s ON _s.account_id = _e.customer_id
LEFT JOIN
(
    SELECT if(_i.survivor_id = '', _p.account_id, _i.survivor_id) AS customer_id, sum(_p.brought) AS pico
    FROM
    (
        SELECT account_id, sum(toInt128(mrr_micros) * rate) AS brought
        FROM ${cx}.mrr_reported
        WHERE policy = 'cxledger' AND since <= ${now} AND until > ${now} AND account_id IN
        (
            SELECT account_id FROM ${cx}.risk_episode WHERE is_known = 0 AND closed_at IS NULL
            UNION ALL
            SELECT arrayJoin([account_id, survivor_id]) FROM ${cx}.account_merge
            UNION ALL
            SELECT arrayJoin([account_id, survivor_id]) FROM ${cx}.linked_account
        )
        GROUP BY account_id
    ) AS _p
    LEFT JOIN ${cx}.account_identity AS _i ON _i.account_id = _p.account_id
    GROUP BY customer_id
) AS _m ON _m.customer_id = _e.customer_id
LEFT JOIN
(
    SELECT account_id, rule_id, argMax(episode_id, since) AS told_as
    FROM ${cx}.risk_episode
    WHERE is_known = 1 AND closed_at IS NULL AND noticed_at <= ${now}
    GROUP BY account_id, rule_id
) AS _k ON _k.account_id = _e.account_id AND _k.rule_id = _e.rule_id
LEFT JOIN
(
    SELECT account_id, toNullable(score) AS score, toString(band) AS band, override, weakest
    FROM ${cx}.health_now
    WHERE model_id = 'default' AND account_id IN
    (
        SELECT account_id FROM ${cx}.risk_episode WHERE is_known = 0 AND closed_at IS NULL
    )
) AS _h ON _h.account_id = _e.account_id
