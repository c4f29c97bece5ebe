/*
comment: >-
  Every change row of a metric in millionths: those of one entity as they were written, and those that follow from several
  entities together, such as an invitation and its answer, or a ticket and the next that asks the same
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity, such as a question; see change_log
  window_at: Time that places the change in the metric's windows, UTC
  person: Contact whose latest answer alone counts, or who asked; empty elsewhere, or if unknown
  event_id: Event that caused the change
  source: System and instance that the event comes from
  kind: first, late, correction, retraction, displaced or time
  reason: >-
    What the event did, or that its source gave a reason in words, which personal_metric_change has; empty for what is
    told in time
  numerator_micros: What the numerator gained, in millionths; times are in seconds
  denominator_micros: What the denominator gained, in millionths
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
  is_load: 1 when its sender loaded what had happened before, as an import does
*/
SELECT
    toString(metric) AS metric,
    account_id,
    toString(entity_kind) AS entity_kind,
    entity_id,
    item,
    window_at,
    person,
    event_id,
    toString(source) AS source,
    toString(kind) AS kind,
    -- Words may be about anybody: this view is read by everybody who reads figures.
    if(reason IN (${own_reasons}), reason, 'given by the source') AS reason,
    numerator_micros,
    denominator_micros,
    old_value,
    new_value,
    occurred_at,
    ingested_at,
    is_load
FROM ${cx}.personal_metric_change
WHERE metric NOT IN (${as_known}) AND metric NOT IN (${ripening})
UNION ALL
SELECT * FROM ${cx}.ripened_change
UNION ALL
SELECT * FROM ${cx}.invitation_change
UNION ALL
SELECT * FROM ${cx}.display_change
UNION ALL
SELECT * FROM ${cx}.shared_rest_change
UNION ALL
SELECT * FROM ${cx}.repeat_change
