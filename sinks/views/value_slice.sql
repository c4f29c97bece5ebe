/*
comment: Onboardings by month and quarter of their start and by slice
columns:
  grain: month or quarter
  window_start: First day of the window of starts, in the company's time zone
  dimension: all, account, manager (owner at the start), segment (then), product or start_kind
  dimension_value: Slice; empty for all, and for what belongs to none
  outcome: reached, churned or open
  days: Days on the clock until the first value, the end, or now
*/
SELECT
    tupleElement(frame, 1) AS grain,
    tupleElement(frame, 2) AS window_start,
    tupleElement(frame, 3) AS dimension,
    tupleElement(frame, 4) AS dimension_value,
    outcome,
    days
FROM
(
    SELECT
        outcome,
        days,
        toDate(least(moment, ${end_of_days}), '${zone}') AS day,
        arrayJoin(arrayFlatten(arrayMap(
            part -> [
                ('month', toStartOfMonth(day), tupleElement(part, 1), tupleElement(part, 2)),
                ('quarter', toStartOfQuarter(day), tupleElement(part, 1), tupleElement(part, 2))
            ],
            [
                ('all', ''), ('account', account_id), ('manager', owner), ('segment', segment), ('product', product),
                ('start_kind', start_kind)
            ]
        ))) AS frame
    FROM ${cx}.onboarding_course
)
