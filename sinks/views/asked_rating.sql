/*
comment: Tickets whose requester was asked for a rating
columns:
  moment: When the rating was first asked for, UTC; where only a rating is known, when that was given
  account_id: Account that asked
  fact_id: Ticket
  channel: Channel that it came in by
  is_rated: 1 when a rating stands
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    assumeNotNull(coalesce(csat_offered_at, csat_rated_at)) AS moment,
    account_id,
    ticket_id AS fact_id,
    toString(channel) AS channel,
    toUInt8(csat_rated_at IS NOT NULL) AS is_rated,
    [concat('ticket:', ticket_id)] AS entities
FROM ${cx}.ticket
WHERE (csat_offered_at IS NOT NULL OR csat_rated_at IS NOT NULL) AND removed_at IS NULL AND is_test = 0
