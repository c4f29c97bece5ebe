/*
comment: What changed in figures that had been published, newest first to be read by ingested_at
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity, such as a question; empty for the whole
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
  kind: late, correction, retraction, displaced, reference, setting, merged or unmerged
  numerator: What the numerator gained; money in units of its currency, times in seconds
  denominator: What the denominator gained
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  reason: What the event did, or that its source gave a reason in words, which personal_metric_change has
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT *
FROM ${cx}.change_log
WHERE kind NOT IN ('first', 'time')
