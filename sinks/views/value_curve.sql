/*
comment: >-
  Kaplan-Meier curves of the time to value, by month and quarter of the start and slice: one row per day count at which anybody reached it
  or went out of sight. An account that ended without value stays at risk for ever, for it never reaches it
columns:
  grain: month or quarter
  window_start: First day of the window of starts, in the company's time zone
  dimension: all, account, manager (owner at the start), segment (then), product or start_kind
  dimension_value: Slice; empty for all, and for what belongs to none
  days: Days on the clock
  at_risk: Onboardings without value just before, those that ended without it too
  reached: Onboardings that had their first value at that moment
  survival: Share without value just after it
  lower: Lower bound of its 95 % interval (Greenwood, on the scale of log(-log))
  upper: Upper bound
*/
SELECT
    grain,
    window_start,
    dimension,
    dimension_value,
    days,
    at_risk,
    reached,
    exp(log_survival) AS survival,
    multiIf(survival <= 0, 0., survival >= 1, 1., pow(survival, exp(1.959963984540054 * error))) AS lower,
    multiIf(survival <= 0, 0., survival >= 1, 1., pow(survival, exp(-1.959963984540054 * error))) AS upper
FROM
(
    SELECT
        *,
        sum(log(1 - reached / at_risk)) OVER so_far AS log_survival,
        sqrt(sum(if(reached = at_risk, 0, reached / (at_risk * (at_risk - reached)))) OVER so_far) / abs(log_survival) AS error
    FROM
    (
        SELECT
            grain,
            window_start,
            dimension,
            dimension_value,
            days,
            reached,
            sum(everybody) OVER whole - (sum(reached + out_of_sight) OVER up_to - reached - out_of_sight) AS at_risk
        FROM
        (
            SELECT
                grain,
                window_start,
                dimension,
                dimension_value,
                days,
                countIf(outcome = 'reached') AS reached,
                countIf(outcome = 'open') AS out_of_sight,
                count() AS everybody
            FROM ${cx}.value_slice
            GROUP BY grain, window_start, dimension, dimension_value, days
        )
        WINDOW
            whole AS (PARTITION BY grain, window_start, dimension, dimension_value),
            up_to AS (PARTITION BY grain, window_start, dimension, dimension_value ORDER BY days ROWS UNBOUNDED PRECEDING)
    )
    WINDOW so_far AS (PARTITION BY grain, window_start, dimension, dimension_value ORDER BY days ROWS UNBOUNDED PRECEDING)
)
WHERE reached > 0
