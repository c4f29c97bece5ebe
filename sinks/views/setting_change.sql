/*
comment: >-
  What other settings (payment terms, targets, horizons, scales) changed in the sums behind metrics: one row per metric, day and
  account. Where the difference cannot be worked out from the log, a row without sums names the metric, the setting, and the day from
  which on figures are others: cx explain --known-at tells these apart
columns:
  metric: Metric whose sums changed
  account_id: Account whose figure changed; empty in a row that says no more than that figures did
  entity_kind: account, or setting in a row that says no more than that figures did
  entity_id: The account; or what was set, such as USD/EUR, and from when, in microseconds
  item: What the metric keeps apart, such as the currency or a question; or the setting
  day: Day window of the change, in the company's time zone
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: The same as day
  dimension: Always empty
  slice: Always empty
  grain: Always empty
  kind: setting, or first where a load did it
  numerator: What the numerator gained; 0 in a row that says no more than that figures did
  denominator: What the denominator gained; 0 likewise
  old_value: Rate or policy before, where it is a number; else NULL
  new_value: Rate or policy after, where it is a number; else NULL
  reason: The setting, such as policy reopen_horizon_days; with "not worked out" where the row has no sums
  event_id: Event that set it
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT
    metric,
    account_id,
    'account' AS entity_kind,
    account_id AS entity_id,
    whole AS item,
    day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    if(tupleElement(cause, 5) = 1, 'first', 'setting') AS kind,
    toDecimal128(gained_numerator, 6) / 1000000 AS numerator,
    toDecimal128(gained_denominator, 6) / 1000000 AS denominator,
    CAST(NULL, 'Nullable(Float64)') AS old_value,
    CAST(NULL, 'Nullable(Float64)') AS new_value,
    multiIf(
        metric = 'late_payment_rate', 'policy payment_terms_days',
        metric = 'closed_loop_rate', 'policy followup_target_seconds',
        metric = 'reopen_rate', 'policy reopen_horizon_days',
        'scale of the question'
    ) AS reason,
    tupleElement(cause, 2) AS event_id,
    tupleElement(cause, 3) AS source,
    tupleElement(cause, 4) AS occurred_at,
    tupleElement(cause, 1) AS ingested_at
FROM
(
    SELECT
        metric,
        account_id,
        whole,
        toDate(least(moment, ${end_of_days}), '${zone}') AS day,
        cause,
        sum(toInt128(numerator_micros)) AS gained_numerator,
        sum(toInt128(denominator_micros)) AS gained_denominator
    FROM ${cx}.valued_step
    WHERE step = 'setting'
    GROUP BY metric, account_id, whole, day, cause
    HAVING gained_numerator != 0 OR gained_denominator != 0
)
UNION ALL
SELECT
    arrayJoin(metrics) AS metric,
    '' AS account_id,
    'setting' AS entity_kind,
    subject_id AS entity_id,
    subject AS item,
    toDate(least(window_at, ${end_of_days}), '${zone}') AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    '' AS dimension,
    '' AS slice,
    '' AS grain,
    if(is_loaded, 'first', 'setting') AS kind,
    toDecimal128(0, 6) AS numerator,
    toDecimal128(0, 6) AS denominator,
    if(of = 'fx_rate', toFloat64OrNull(said_before) / 1000000, toFloat64OrNull(said_before)) AS old_value,
    if(of = 'fx_rate', toFloat64OrNull(said) / 1000000, toFloat64OrNull(said)) AS new_value,
    concat(
        multiIf(of = 'fx_rate', 'exchange rate', of = 'sla_policy', 'service level policy', of = 'rate_card', 'rate card', of), ' ', subject, ', not worked out'
    ) AS reason,
    event_id,
    source,
    occurred_at,
    ingested_at
FROM
(
    SELECT
        toString(metric) AS of,
        any(splitByChar('=', item)[1]) AS subject,
        entity_id AS subject_id,
        window_at,
        event_id,
        toString(source) AS source,
        occurred_at,
        ingested_at,
        max(is_load) AS is_loaded,
        anyIf(content, denominator_micros < 0) AS said_before,
        anyIf(content, denominator_micros > 0) AS said,
        -- What each setting decides, of what the log cannot tell. Others decide nothing that is a sum.
        multiIf(
            of = 'fx_rate', ['account_margin', 'mrr'],
            of = 'rate_card', ['account_margin'],
            of IN ('schedule', 'holiday'),
            ['sla_breach_rate', 'out_of_hours_share', 'first_reply', 'next_reply', 'first_resolution', 'full_resolution'],
            of = 'sla_policy', ['sla_breach_rate'],
            subject = 'mrr_policy.cxledger', ['mrr', 'trial_conversion'],
            startsWith(subject, 'mrr_policy.'), ['mrr'],
            subject = 'response_window_days', ['response_rate', 'account_coverage'],
            subject = 'reopen_horizon_days', ['fcr'],
            subject = 'dunning_days', ['dunning_outcome', 'recovery_rate'],
            []
        ) AS metrics
    FROM
    (
        SELECT *, substring(item, position(item, '=') + 1) AS content
        FROM ${cx}.metric_change
        WHERE metric IN ('fx_rate', 'holiday', 'policy', 'rate_card', 'schedule', 'sla_policy')
    )
    GROUP BY metric, entity_id, window_at, event_id, source, occurred_at, ingested_at
)
