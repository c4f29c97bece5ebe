/*
comment: >-
  Which episode each one is that was told, as is known by now: late evidence opens an episode earlier, under the name of another
  event, or says that there was none
columns:
  account_id: Account
  rule_id: Rule of risk
  told_as: Episode as it was told, which signals and messages name
  told_at: When it was noticed, UTC
  told_until: When it was over as it was told, UTC; NULL while it is open
  told_reason: Why it was over; empty while it is open
  episode_id: Episode that it is; empty where there was none
  opened_at: When that began, UTC; NULL where there was none
  closed_at: When that was over, UTC; NULL while it is open, and where there was none
  event_id: Event that opened it; empty where a score or time alone did, and where there was none
*/
SELECT
    account_id,
    rule_id,
    told_as,
    told_at,
    if(is_told_open = 1, NULL, told_end) AS told_until,
    told_reason,
    tupleElement(same, 1) AS episode_id,
    if(episode_id = '', NULL, tupleElement(same, 2)) AS opened_at,
    if(episode_id = '' OR tupleElement(same, 3) = ${end_of_days}, NULL, tupleElement(same, 3)) AS closed_at,
    tupleElement(same, 4) AS event_id
FROM
(
    SELECT
        _k.*,
        arrayElement(
            arraySort(
                each -> (tupleElement(each, 1) != _k.told_as, tupleElement(each, 2)),
                arrayFilter(
                    each -> tupleElement(each, 1) = _k.told_as
                        OR (tupleElement(each, 2) <= _k.told_end AND tupleElement(each, 3) > _k.told_since),
                    _c.episodes
                )
            ),
            1
        ) AS same
    FROM
    (
        SELECT
            account_id,
            rule_id,
            episode_id AS told_as,
            min(noticed_at) AS told_at,
            min(since) AS told_since,
            max(ifNull(closed_at, ${end_of_days})) AS told_end,
            toUInt8(countIf(closed_at IS NULL) > 0) AS is_told_open,
            argMax(toString(reason), since) AS told_reason
        FROM ${cx}.risk_episode
        WHERE is_known = 1 AND noticed_at <= ${now}
        GROUP BY account_id, rule_id, episode_id
    ) AS _k
    LEFT JOIN
    (
        SELECT account_id, rule_id, groupArray((id, began, until, cause)) AS episodes
        FROM
        (
            SELECT
                account_id,
                rule_id,
                episode_id AS id,
                min(opened_at) AS began,
                max(ifNull(closed_at, ${end_of_days})) AS until,
                any(event_id) AS cause
            FROM ${cx}.risk_episode
            WHERE is_known = 0 AND noticed_at <= ${now}
            GROUP BY account_id, rule_id, episode_id
        )
        GROUP BY account_id, rule_id
    ) AS _c ON _c.account_id = _k.account_id AND _c.rule_id = _k.rule_id
)
