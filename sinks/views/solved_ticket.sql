/*
comment: Tickets that were solved, each once, with what came after their first solve
columns:
  moment: When the ticket was first solved, or closed without that, UTC; the cohort that it belongs to
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  agent: Agent who had it when it was solved; empty for nobody
  solved_us: From its start to the first solve, microseconds; NULL where it was solved before it began
  solved_business_us: The same in business time; NULL while no schedule is known, too
  public_replies: Public replies of people; those of one messaging session count once
  agents: Distinct people who wrote in it
  is_reopened: 1 when it was opened again within the horizon of reopening
  is_reopened_ever: 1 when it was opened again, however late
  is_reopened_by_message: 1 when a message of the requester did so by itself
  is_one_touch: 1 when one public reply of a person was enough and it was never opened again
  is_first_contact: >-
    1 when the requester wrote no more than once, it was not opened again within the horizon, and the same requester
    opened no other ticket on the same topic until the horizon's end
  is_immature: 1 while the horizon of reopening lasts and it has not been opened again
  policy_version: Version of the horizon that applies; empty for the default
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    channel,
    agent,
    solved_us,
    solved_business_us,
    public_replies,
    agents,
    toUInt8(reopens > 0 AND reopened_at <= closes_at) AS is_reopened,
    toUInt8(reopens > 0) AS is_reopened_ever,
    is_reopened_by_message,
    toUInt8(public_replies = 1 AND reopens = 0) AS is_one_touch,
    toUInt8(requester_messages <= 1 AND is_reopened = 0 AND ifNull(asked_again_at > closes_at, 1)) AS is_first_contact,
    toUInt8(reopens = 0 AND closes_at > ${now}) AS is_immature,
    policy_version,
    [concat('ticket:', fact_id)] AS entities
FROM
(
    SELECT _s.*, _s.moment + toIntervalDay(_h.days) AS closes_at, _h.policy_version AS policy_version
    FROM
    (
        SELECT
            'reopen_horizon_days' AS policy,
            assumeNotNull(_t.first_solved_at) AS moment,
            _t.account_id AS account_id,
            _t.fact_id AS fact_id,
            toString(_t.channel) AS channel,
            if(_v.solves > 0, _v.agent, _t.assignee_id) AS agent,
            _t.first_solved_us AS solved_us,
            _t.first_solved_business_us AS solved_business_us,
            _t.public_replies AS public_replies,
            _t.requester_messages AS requester_messages,
            _t.agents AS agents,
            _t.asked_again_at AS asked_again_at,
            _v.reopens AS reopens,
            _v.reopened_at AS reopened_at,
            _v.by_message AS is_reopened_by_message
        FROM
        (
            SELECT
                *,
                ticket_id AS fact_id,
                if(
                    requester_id = '' OR topic = '',
                    NULL,
                    leadInFrame(opened_at) OVER (
                        PARTITION BY account_id, requester_id, topic ORDER BY opened_at, ticket_id
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                    )
                ) AS asked_again_at
            FROM ${cx}.ticket
            WHERE opened_at IS NOT NULL AND removed_at IS NULL AND is_test = 0
        ) AS _t
        LEFT JOIN
        (
            SELECT
                account_id,
                ticket_id,
                count() AS solves,
                argMin(assignee_id, ordinal) AS agent,
                countIf(_r.reopened_at IS NOT NULL) AS reopens,
                ifNull(min(_r.reopened_at), toDateTime64(0, 6, 'UTC')) AS reopened_at,
                argMin(_r.by_message, ifNull(_r.reopened_at, toDateTime64('2299-01-01 00:00:00', 6, 'UTC'))) AS by_message
            FROM ${cx}.ticket_solve AS _r
            GROUP BY account_id, ticket_id
        ) AS _v ON _t.account_id = _v.account_id AND _t.fact_id = _v.ticket_id
        WHERE _t.first_solved_at IS NOT NULL
    ) AS _s
    ASOF LEFT JOIN ${cx}.reopen_horizon AS _h ON _s.policy = _h.policy AND _s.moment >= _h.valid_from
)
