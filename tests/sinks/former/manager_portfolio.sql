SELECT
    'day' AS grain,
    arrayJoin(
        arrayMap(
            each -> toDate(each),
            range(
                toUInt32(change_day),
                greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day))
            )
        )
    ) AS window_start,
    addDays(window_start, 1) AS window_end,
    dimension,
    dimension_value,
    toInt64(held_accounts) AS accounts,
    multiIf(
        dimension != 'manager' OR dimension_value = '', '',
        held_accounts < ${portfolio_least}, 'below',
        held_accounts > ${portfolio_most}, 'above',
        'within'
    ) AS band,
    toDecimal128(intDiv(held_pico, 1000000), 6) / 1000000 AS mrr,
    toInt64(held_unpriced) AS without_rate,
    CAST(held_overdue, 'Map(String, Decimal(38, 6))') AS overdue,
    toInt64(held_invoices) AS overdue_invoices,
    toInt64(held_renewals) AS renewals_due,
    CAST(held_values, 'Map(String, Decimal(38, 6))') AS renewals_value,
    toInt64(held_tickets) AS open_tickets,
    if(n = 0, NULL, 100 * (promoters - detractors) / n) AS nps,
    toInt64(n) AS nps_n,
    ${nps_low} AS nps_ci_low,
    ${nps_high} AS nps_ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_start < toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        dimension,
        dimension_value,
        change_day,
        leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
        sum(more_accounts) OVER so_far AS held_accounts,
        sum(more_pico) OVER so_far AS held_pico,
        sum(more_unpriced) OVER so_far AS held_unpriced,
        sumMap(more_overdue) OVER so_far AS held_overdue,
        sum(more_invoices) OVER so_far AS held_invoices,
        sumMap(more_values) OVER so_far AS held_values,
        sum(more_renewals) OVER so_far AS held_renewals,
        sum(more_tickets) OVER so_far AS held_tickets,
        sum(more_promoters) OVER so_far AS promoters,
        sum(more_detractors) OVER so_far AS detractors,
        sum(more_answers) OVER so_far AS n
    FROM
    (
        SELECT
            tupleElement(slice, 1) AS dimension,
            tupleElement(slice, 2) AS dimension_value,
            change_day,
            sum(step_accounts) AS more_accounts,
            sum(step_pico) AS more_pico,
            sum(step_unpriced) AS more_unpriced,
            sumMap(step_overdue) AS more_overdue,
            sum(step_invoices) AS more_invoices,
            sumMap(step_values) AS more_values,
            sum(step_renewals) AS more_renewals,
            sum(step_tickets) AS more_tickets,
            sum(step_promoters) AS more_promoters,
            sum(step_detractors) AS more_detractors,
            sum(step_answers) AS more_answers
        FROM
        (
            -- First by owner and day, so that the slices below multiply few rows.
            SELECT
                manager_id,
                pod_id,
                lead_id,
                tupleElement(edge, 1) AS change_day,
                tupleElement(edge, 2) AS sign,
                sum(accounts * sign) AS step_accounts,
                sum(mrr_pico * sign) AS step_pico,
                sum(without_rate * sign) AS step_unpriced,
                sumMapIf([currency], [overdue * sign], overdue != 0) AS step_overdue,
                sum(overdue_invoices * sign) AS step_invoices,
                sumMapIf([currency], [renewal_value * sign], renewal_value != 0) AS step_values,
                sum(renewals * sign) AS step_renewals,
                sum(tickets * sign) AS step_tickets,
                sum(promoters * sign) AS step_promoters,
                sum(detractors * sign) AS step_detractors,
                sum(answers * sign) AS step_answers
            FROM (SELECT *, arrayJoin([(from_day, toInt8(1)), (until_day, toInt8(-1))]) AS edge FROM ${cx}.portfolio_part)
            WHERE tupleElement(edge, 1) <= toDate(${now}, '${zone}')
            GROUP BY manager_id, pod_id, lead_id, change_day, sign
        )
        ARRAY JOIN [('all', ''), ('manager', manager_id), ('pod', pod_id), ('group', lead_id)] AS slice
        GROUP BY dimension, dimension_value, change_day
    )
    WINDOW
        so_far AS (PARTITION BY dimension, dimension_value ORDER BY change_day ROWS UNBOUNDED PRECEDING),
        later AS (
            PARTITION BY dimension, dimension_value ORDER BY change_day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
)
WHERE held_accounts != 0 OR held_pico != 0 OR held_unpriced != 0 OR held_invoices != 0 OR held_renewals != 0
    OR held_tickets != 0 OR n != 0
