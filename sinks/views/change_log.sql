/*
comment: >-
  What every event changed in the sums behind metrics. The sum of the numerators of a metric and window over rows known
  by a moment is the numerator of the figure as known then, and so it is with denominators. Rows with a grain count in
  windows of that length alone: n of nps in a month is the sum WHERE grain IN ('', 'month'), n_all that WHERE grain = '';
  of a rolling window the sum WHERE grain IN ('', 'rolling_90d') AND day >= window_start AND from_day < window_end
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: >-
    Part of the entity, such as a question or a topic; of closed_loop_rate the least target in seconds, of fcr,
    reopen_rate and response_rate the least days of their horizon and window, that count it; of renewal_rate_gross and
    renewal_rate_net currency, policy and term, of value_reached_share the days of the horizon; empty for the whole.
    Denominators of closed_loop_rate and reopen_rate WHERE item != '' add up to all that was contacted or opened again
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: >-
    The same as day; with grain rolling_90d the day that a window has to reach for the change to count in it
  dimension: >-
    manager, segment or customer (merges of accounts) where the change only moved what had counted from one slice to another; else
    empty
  slice: Slice that gained or lost it; empty where no slice is known, too
  grain: >-
    Windows that the change counts in, day, week, month, quarter or rolling_90d; empty for windows of every length
  kind: first, late, correction, retraction, displaced, reference, setting, time, merged or unmerged
  numerator: What the numerator gained; money in units of its currency, times in seconds
  denominator: What the denominator gained
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  reason: >-
    What the event did, or that its source gave a reason in words, which personal_metric_change has; empty for what is
    told in time
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT
    metric,
    account_id,
    entity_kind,
    entity_id,
    item,
    toDate(least(window_at, ${end_of_days}), '${zone}') AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    kind,
    toDecimal128(numerator_micros, 6) / 1000000 AS numerator,
    toDecimal128(denominator_micros, 6) / 1000000 AS denominator,
    old_value,
    new_value,
    reason,
    event_id,
    source,
    occurred_at,
    ingested_at
FROM ${cx}.counted_change
WHERE metric NOT IN ('late_payment_rate', 'closed_loop_rate', 'reopen_rate', 'csat', 'ces')
UNION ALL
SELECT
    metric,
    account_id,
    entity_kind,
    entity_id,
    item,
    toDate(least(moment, ${end_of_days}), '${zone}') AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    kind,
    toDecimal128(numerator_micros, 6) / 1000000 AS numerator,
    toDecimal128(denominator_micros, 6) / 1000000 AS denominator,
    old_value,
    new_value,
    reason,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at
FROM ${cx}.valued_step
WHERE step = 'fact'
UNION ALL
SELECT
    metric,
    account_id,
    'ticket' AS entity_kind,
    ticket_id AS entity_id,
    item,
    toDate(least(moment, ${end_of_days}), '${zone}') AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    kind,
    toDecimal128(numerator, 6) AS numerator,
    toDecimal128(denominator, 6) AS denominator,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    reason,
    event_id,
    source,
    occurred_at,
    known_at AS ingested_at
FROM ${cx}.service_level_step
WHERE kind != 'time'
UNION ALL
SELECT * FROM ${cx}.displaced_answer
UNION ALL
SELECT * FROM ${cx}.slice_change
UNION ALL
SELECT * FROM ${cx}.setting_change
UNION ALL
SELECT * FROM ${cx}.deadline_change
UNION ALL
SELECT * FROM ${cx}.merge_change
