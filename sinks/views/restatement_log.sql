/*
comment: What corrections changed in figures that had been published, newest first to be read by ingested_at
columns:
  metric: Metric whose contribution changed
  account_id: Account
  entity_kind: Kind of the entity that was corrected
  entity_id: Entity that was corrected
  item: Part of the entity, such as a question; empty for the whole
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  reason: Reason given by the source, or the kind of change
  event_id: Event that caused the change
  occurred_at: When the correction happened, UTC
  ingested_at: When Kafka stored the correction, UTC; a figure read before it did not include it
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
    old_value,
    new_value,
    reason,
    event_id,
    occurred_at,
    ingested_at
FROM ${cx}.restatement
WHERE is_test = 0
