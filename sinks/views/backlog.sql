/*
comment: Tickets neither solved, closed nor removed at the end of every day, week, month and quarter by slice, with their ages
columns:
  grain: day, week, month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, priority (then), assignee (then), manager (owner then) or segment (then)
  dimension_value: Slice; empty for all, and for what belongs to none
  value: Tickets at the end of the window's last day; before the window has ended, today
  n: The same
  opened_that_day: Of these, opened on that day
  age_1_3: Opened 1 to 3 days before
  age_4_7: Opened 4 to 7 days before
  age_8_30: Opened 8 to 30 days before
  age_over_30: Opened more than 30 days before
  mean_age_days: Mean of the days since they were opened
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Ticket backlog and its age
  formula: tickets opened by the end of the day that are neither solved, closed, merged, deleted nor spam then
  unit: tickets
  numerator: tickets
  denominator: none
  interval: none
  source: exact stock, where Zendesk takes one snapshot a day and Zammad subtracts flows
  edge_cases: >-
    A reopened ticket enters again, with the age from its first start. A ticket that was merged or deleted later belongs to
    the backlog of the days before. Priority and assignee are those of the time. What is opened and solved within a day is in
    no day's stock; as of any instant, ticket by ticket, see backlog_span. Solved tickets that nobody has closed are in
    unclosed_backlog. Days without any have no row.
  version: 1
stored:
  order: [dimension, grain, window_start, dimension_value]
  where: dimension != 'account'
*/
SELECT
    tupleElement(window, 1) AS grain,
    tupleElement(window, 2) AS window_start,
    tupleElement(window, 3) AS window_end,
    dimension,
    dimension_value,
    toFloat64(n) AS value,
    n,
    opened_that_day,
    age_1_3,
    age_4_7,
    age_8_30,
    age_over_30,
    (n * toInt64(day) - opened_days) / n AS mean_age_days,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        *,
        arrayJoin(
            arrayFilter(
                w -> day = least(addDays(tupleElement(w, 3), -1), toDate(${now}, '${zone}')),
                [
                    ('day', day, addDays(day, 1)),
                    ('week', toStartOfWeek(day, ${week_mode}), addDays(toStartOfWeek(day, ${week_mode}), 7)),
                    ('month', toStartOfMonth(day), addMonths(toStartOfMonth(day), 1)),
                    ('quarter', toStartOfQuarter(day), addMonths(toStartOfQuarter(day), 3))
                ]
            )
        ) AS window
    FROM
    (
        SELECT
            dimension,
            dimension_value,
            arrayJoin(
                arrayMap(
                    each -> toDate(each),
                    range(
                        toUInt32(change_day),
                        greatest(toUInt32(least(next_day, toDate(${now}, '${zone}') + 1)), toUInt32(change_day))
                    )
                )
            ) AS day,
            total AS n,
            total_1 AS opened_that_day,
            total_2 AS age_1_3,
            total_3 AS age_4_7,
            total_4 AS age_8_30,
            total_5 AS age_over_30,
            opened_days
        FROM
        (
            SELECT
                dimension,
                dimension_value,
                change_day,
                leadInFrame(change_day, 1, toDate('2149-06-06')) OVER later AS next_day,
                sum(change_0) OVER so_far AS total,
                sum(change_1) OVER so_far AS total_1,
                sum(change_2) OVER so_far AS total_2,
                sum(change_3) OVER so_far AS total_3,
                sum(change_4) OVER so_far AS total_4,
                sum(change_5) OVER so_far AS total_5,
                sum(opened_change) OVER so_far AS opened_days
            FROM
            (
                SELECT
                    dimension,
                    dimension_value,
                    day AS change_day,
                    sum(change) AS change_0,
                    sumIf(change, bucket = 1) AS change_1,
                    sumIf(change, bucket = 2) AS change_2,
                    sumIf(change, bucket = 3) AS change_3,
                    sumIf(change, bucket = 4) AS change_4,
                    sumIf(change, bucket = 5) AS change_5,
                    sum(_e.opened_days) AS opened_change
                FROM ${cx}.backlog_edge AS _e
                GROUP BY dimension, dimension_value, change_day
            )
            WINDOW
                so_far AS (PARTITION BY dimension, dimension_value ORDER BY change_day ROWS UNBOUNDED PRECEDING),
                later AS (
                    PARTITION BY dimension, dimension_value ORDER BY change_day
                    ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
                )
        )
        WHERE total != 0
    )
)
