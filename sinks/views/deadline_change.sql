/*
comment: >-
  What passing time alone changed in the sums behind metrics: invoices that were still open when their due day was over, and
  service level clocks that still ran at their deadline. The row has the deadline's own time, whenever it is read
columns:
  metric: Metric whose sums changed
  account_id: Account
  entity_kind: Kind of the entity that changed
  entity_id: Entity that changed
  item: Currency and a slash, with /terms behind it where the payment terms say when it is due; of a clock its metric and number
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: The same as day
  dimension: Always empty
  slice: Always empty
  grain: Always empty
  kind: Always time
  numerator: 1, the invoice that is late or the clock that is breached from then on
  denominator: 0 of an invoice, 1 of a clock, which counted nowhere while it ran
  old_value: Always NULL
  new_value: Always NULL
  reason: due day passed, or deadline passed
  event_id: Event that the due day, or that nothing settled the invoice by then, follows from; that started the clock
  source: System and instance that the event comes from
  occurred_at: When the due day was over in the company's time zone, or the deadline, UTC
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
    tupleElement(last_event, 1) AS event_id,
    tupleElement(last_event, 2) AS source,
    passed_at AS occurred_at,
    passed_at AS ingested_at
FROM
(
    SELECT
        metric,
        account_id,
        entity_id,
        item,
        toDate(least(moment, ${end_of_days}), '${zone}') AS day,
        tupleElement(cause, 1) AS passed_at,
        sum(toInt128(numerator_micros)) AS waiting,
        argMax((tupleElement(cause, 2), tupleElement(cause, 3)), (tupleElement(cause, 4), tupleElement(cause, 2))) AS last_event
    FROM ${cx}.valued_step
    WHERE step = 'time'
    GROUP BY metric, account_id, entity_id, item, day, passed_at
    HAVING waiting != 0
)
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
WHERE kind = 'time'
