/*
comment: >-
  Change rows of what counts from a moment on without any event, once that moment is there: a renewal that renews itself from the end of
  its notice on, an onboarding in its cohort from so many days on the clock on. What was changed before that is known as of then
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Part of the entity, without that moment; see change_log
  window_at: Time that places the change in the metric's windows, UTC
  person: Always empty
  event_id: Event that it follows from
  source: System and instance that the event comes from
  kind: time where the moment came after the event, else as of the event
  reason: time passed, or what the event did; empty for what is told in time
  numerator_micros: What the numerator gained, in millionths
  denominator_micros: What the denominator gained, in millionths
  old_value: Contribution before; NULL when there was none
  new_value: Contribution after; NULL when it was withdrawn
  occurred_at: When the event happened, or the moment that it waited for, UTC
  ingested_at: When Kafka stored the event, or the moment that it waited for, UTC
  is_load: 1 when its sender loaded what had happened before, as an import does
*/
SELECT
    metric,
    account_id,
    entity_kind,
    entity_id,
    splitByChar('@', item)[1] AS item,
    window_at,
    person,
    event_id,
    source,
    if(counts_from > stored_at, 'time', kind) AS kind,
    if(counts_from > stored_at, 'time passed', reason) AS reason,
    numerator_micros,
    denominator_micros,
    old_value,
    new_value,
    greatest(happened_at, counts_from) AS occurred_at,
    greatest(stored_at, counts_from) AS ingested_at,
    is_load
FROM
(
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
        occurred_at AS happened_at,
        ingested_at AS stored_at,
        is_load,
        fromUnixTimestamp64Micro(toInt64OrZero(splitByChar('@', item)[2]), 'UTC') AS counts_from
    FROM ${cx}.personal_metric_change
    WHERE metric IN (${ripening})
)
WHERE counts_from <= ${now}
