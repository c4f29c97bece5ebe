/*
comment: Tickets by topic in every week beside the four weeks before it
columns:
  grain: week
  window_start: First day of the week, in the company's time zone
  window_end: First day after the week
  dimension: all, account, channel, manager (owner as of the ticket) or segment (as of the ticket)
  dimension_value: Slice; empty for all, and for what belongs to none
  topic_id: Topic within the taxonomy
  value: Tickets on the topic, less the mean of the four weeks before
  tickets: Tickets on the topic
  previous_mean: Mean of the four weeks before, weeks without any counted as none
  ratio: Tickets over that mean; NULL where there were none
  z: Difference over its standard error, both taken as counts by chance (Poisson); NULL where there were none
  is_rising: 1 when z is above 1.96, 0 when not
  is_final: 1 when the week has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Trend of a ticket topic
  formula: tickets of the week less the mean of the four weeks before
  unit: tickets
  numerator: tickets of the week
  denominator: none
  interval: z over the Poisson standard error sqrt(tickets + mean / 4)
  source: this project's own
  edge_cases: >-
    Weeks are compared however few tickets they have, z says what is chance. A topic without tickets in a week has no row
    for it and counts as none for the weeks after. The first four weeks of a topic are compared with none.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    topic_id,
    toNullable(tickets - previous_mean) AS value,
    tickets,
    previous / 4 AS previous_mean,
    if(previous = 0, NULL, tickets / previous_mean) AS ratio,
    if(previous = 0, NULL, value / sqrt(tickets + previous_mean / 4)) AS z,
    toUInt8(ifNull(z > 1.96, 0)) AS is_rising,
    is_final,
    as_of
FROM
(
    SELECT
        *,
        sum(tickets) OVER (
            PARTITION BY dimension, dimension_value, topic_id ORDER BY toUInt32(window_start)
            RANGE BETWEEN 28 PRECEDING AND 1 PRECEDING
        ) AS previous
    FROM ${cx}.topic_volume
    WHERE grain = 'week'
)
