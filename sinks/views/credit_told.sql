/*
comment: >-
  Assignments of accounts that a share was ever told of, each with its end: its own, that of the next assignment of the same manager
  in the same role, and for an owner that of the next owner without a share, who takes the account over
columns:
  account_id: Account
  manager_id: Manager
  pod_id: Pod of the manager then; empty when not told
  lead_id: Lead of the pod then; empty when not told
  share: Share in hundredths of a percent; 0 where there is none or the rest
  is_rest: 1 for an owner without a share, who has what the shares of others leave
  since: From when it holds, UTC
  until: Until when, UTC, exclusive; the year 2149 while no end is known
  event_id: Event that it comes from
*/
SELECT
    account_id,
    manager_id,
    pod_id,
    lead_id,
    toInt64(ifNull(share_bp, 0)) AS share,
    toUInt8(is_owner AND share_bp IS NULL) AS is_rest,
    valid_from AS since,
    least(own_end, next_of_same, if(is_owner, ifNull(next_to_take, ${end_of_days}), ${end_of_days})) AS until,
    event_id
FROM
(
    SELECT
        account_id,
        manager_id,
        pod_id,
        lead_id,
        share_bp,
        is_owner,
        valid_from,
        own_end,
        event_id,
        leadInFrame(valid_from, 1, ${end_of_days}) OVER (
            PARTITION BY account_id, manager_id, said_role ORDER BY valid_from, event_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ) AS next_of_same,
        -- Of one moment those without a share come first: they end each other, and none that comes with a share.
        minOrNullIf(valid_from, is_owner AND share_bp IS NULL) OVER (
            PARTITION BY account_id ORDER BY valid_from, share_bp IS NOT NULL, event_id
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS next_to_take
    FROM
    (
        SELECT
            account_id,
            manager_id,
            toString(pod_id) AS pod_id,
            toString(lead_id) AS lead_id,
            toString(role) AS said_role,
            role = 'OWNER' AS is_owner,
            share_bp,
            valid_from,
            least(ifNull(valid_to, ${end_of_days}), ${end_of_days}) AS own_end,
            event_id
        FROM ${cx}.manager_assignment
        WHERE is_test = 0 AND valid_from < ${end_of_days} AND account_id IN
        (
            SELECT account_id FROM ${cx}.manager_assignment WHERE is_test = 0 AND share_bp IS NOT NULL
        )
    )
)
WHERE since < until
