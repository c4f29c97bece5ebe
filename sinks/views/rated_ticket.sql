/*
comment: Ratings of tickets that stand, on their own scales
columns:
  moment: When the rating was given, UTC
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  agent: Agent who had the ticket when it was rated; empty for nobody
  score: Rating as it was given
  is_positive: 1 when at or above the scale's declared threshold
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(csat_rated_at) AS moment,
    account_id,
    ticket_id AS fact_id,
    toString(channel) AS channel,
    csat_assignee_id AS agent,
    assumeNotNull(csat_score) AS score,
    toUInt8(assumeNotNull(csat_score) >= assumeNotNull(csat_positive_from)) AS is_positive,
    [concat('ticket:', ticket_id)] AS entities
FROM ${cx}.ticket
WHERE csat_rated_at IS NOT NULL AND csat_score IS NOT NULL AND csat_positive_from IS NOT NULL AND removed_at IS NULL
    AND is_test = 0
