/*
comment: >-
  What passing time alone changed in the sums behind metrics: invoices that were still open when their due day was over.
  The row has the deadline's own time, whenever it is read
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: ISO 4217 currency and a slash
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: The same as day
  dimension: Always empty
  slice: Always empty
  grain: Always empty
  kind: Always time
  numerator: 1, the invoice that is late from then on
  denominator: Always 0
  old_value: Always NULL
  new_value: Always NULL
  reason: Always due day passed
  event_id: Event that the due day, or that nothing settled the invoice by then, follows from
  source: System and instance that the event comes from
  occurred_at: When the due day was over in the company's time zone, UTC
  ingested_at: The same; a figure read before it did not include the change
*/
SELECT
    metric,
    account_id,
    'invoice' AS entity_kind,
    entity_id,
    item,
    day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    'time' AS kind,
    toDecimal128(waiting, 6) / 1000000 AS numerator,
    toDecimal128(0, 6) AS denominator,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    'due day passed' AS reason,
    tupleElement(cause, 1) AS event_id,
    tupleElement(cause, 2) AS source,
    passed_at AS occurred_at,
    passed_at AS ingested_at
FROM
(
    SELECT
        toString(metric) AS metric,
        account_id,
        entity_id,
        item,
        toDate(least(window_at, ${end_of_days}), '${zone}') AS day,
        toTimeZone(toDateTime64(day + 1, 6, '${zone}'), 'UTC') AS passed_at,
        sumIf(toInt128(denominator_micros), ingested_at < passed_at) AS waiting,
        argMaxIf((event_id, toString(source)), (ingested_at, event_id), ingested_at < passed_at) AS cause
    FROM ${cx}.metric_change
    WHERE metric = 'late_payment_rate' AND endsWith(item, '/')
    GROUP BY metric, account_id, entity_id, item, window_at
    HAVING waiting != 0
)
WHERE passed_at <= ${now}
