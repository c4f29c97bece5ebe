/*
comment: >-
  Change of NPS from one calendar window to the next, with its significance. People who answer in both windows break
  the independence that the test assumes, so read it as a guide, the more so the more of them there are
columns:
  grain: day, week, month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  dimension: all, account, survey, manager or segment
  dimension_value: Slice; empty for all and for facts that belong to none
  value: NPS of the window, in points
  previous_value: NPS of the window before it; NULL when it has no answers
  change: value minus previous_value, in points
  n: Answers counted in the window
  previous_n: Answers counted in the window before it
  z: Difference of the adjusted scores over their joint standard error
  p_value: Two-sided probability of such a difference or a greater one by chance alone
  is_significant: 1 when p_value is below 0.05; NULL when either window is a low sample
  is_final: 1 when the window has ended
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Significance of a change in the Net Promoter Score
  formula: z = (s1 - s2) / sqrt(se1^2 + se2^2) over the adjusted scores s and standard errors se of two adjacent windows
  unit: standard deviations
  numerator: difference of the adjusted scores
  denominator: joint standard error
  interval: p_value is two-sided
  source: variance form after cybaea.net (2016), adjusted as the interval of nps
  edge_cases: >-
    No flag when either window is a low sample. A window without answers has no row, so the next has no previous
    value. Overlapping respondents break independence. Rolling windows overlap and are left out.
  version: 1
*/
SELECT
    grain,
    window_start,
    window_end,
    dimension,
    dimension_value,
    value,
    if(is_adjacent, lagInFrame(value) OVER before, NULL) AS previous_value,
    value - previous_value AS change,
    n,
    if(is_adjacent, lagInFrame(toNullable(n)) OVER before, NULL) AS previous_n,
    if(
        is_adjacent,
        (centre - lagInFrame(centre) OVER before) / sqrt(pow(error, 2) + pow(lagInFrame(error) OVER before, 2)),
        NULL
    ) AS z,
    erfc(abs(z) / sqrt(2)) AS p_value,
    if(NOT is_adjacent OR low_sample OR lagInFrame(low_sample) OVER before, NULL, toNullable(toUInt8(p_value < 0.05)))
        AS is_significant,
    is_final,
    as_of
FROM
(
    SELECT
        *,
        ${nps_centre} AS centre,
        ${nps_error} AS error,
        lagInFrame(window_end) OVER before = window_start AS is_adjacent
    FROM ${cx}.nps
    WHERE grain != 'rolling_90d'
    WINDOW before AS (PARTITION BY grain, dimension, dimension_value ORDER BY window_start ROWS UNBOUNDED PRECEDING)
)
WINDOW before AS (PARTITION BY grain, dimension, dimension_value ORDER BY window_start ROWS UNBOUNDED PRECEDING)
