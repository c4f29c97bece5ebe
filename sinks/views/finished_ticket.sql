/*
comment: Tickets that are solved or closed, with how long they took in the end
columns:
  moment: When the ticket was last solved, UTC
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  agent: Agent who had it when it was last solved; empty for nobody
  solved_us: From its start to the last solve, microseconds; NULL where it was solved before it began
  solved_business_us: The same in business time; NULL while no schedule is known, too
  public_replies: Public replies of people; those of one messaging session count once
  agents: Distinct people who wrote in it
  is_immature: 1 while the horizon of reopening lasts
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _t.moment AS moment,
    _t.account_id AS account_id,
    _t.fact_id AS fact_id,
    _t.channel AS channel,
    _t.agent AS agent,
    _t.solved_us AS solved_us,
    _t.solved_business_us AS solved_business_us,
    _t.public_replies AS public_replies,
    _t.agents AS agents,
    toUInt8(_t.moment + toIntervalDay(_h.days) > ${now}) AS is_immature,
    [concat('ticket:', _t.fact_id)] AS entities
FROM
(
    SELECT
        'reopen_horizon_days' AS policy,
        assumeNotNull(last_solved_at) AS moment,
        account_id,
        ticket_id AS fact_id,
        toString(channel) AS channel,
        assignee_id AS agent,
        last_solved_us AS solved_us,
        last_solved_business_us AS solved_business_us,
        public_replies,
        agents
    FROM ${cx}.ticket
    WHERE opened_at IS NOT NULL AND last_solved_at IS NOT NULL AND status IN ('solved', 'closed') AND is_test = 0
) AS _t
ASOF LEFT JOIN ${cx}.reopen_horizon AS _h ON _t.policy = _h.policy AND _t.moment >= _h.valid_from
