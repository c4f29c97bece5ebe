/*
comment: Time from the start of an onboarding to the first value, by month and quarter of the start and slice
columns:
  grain: month or quarter
  window_start: First day of the window of starts, in the company's time zone
  window_end: First day after the window
  dimension: all, account, manager (owner at the start), segment (then), product or start_kind
  dimension_value: Slice; empty for all, and for what belongs to none
  value: Median days on the clock (Kaplan-Meier); NULL where more than half have not reached it as far as is known
  naive_median_days: Median of those who reached it, which improves as losers grow; NULL where nobody did
  reached: Onboardings with a first value
  churned: Onboardings whose account or contract ended without one
  open: Onboardings that may still reach it
  n: Onboardings started
  ci_low: Lower bound of the 95 % interval of the median; NULL where there is none
  ci_high: Upper bound of the 95 % interval of the median; NULL where there is none
  low_sample: "1 when n is below the low-sample threshold: read with care"
  is_final: 1 when the window has ended and none of its onboardings is open
  maturing: 1 while any of its onboardings is open
  as_of: Figures include what Kafka had stored by then, UTC
metric:
  title: Time to value
  formula: least days on the clock at which the Kaplan-Meier curve of onboardings without value is at one half or below
  unit: days
  numerator: none; a median
  denominator: onboardings that started in the window
  interval: >-
    days at which the bounds of the curve (Greenwood, on the scale of log(-log), 95 %) come to one half; no upper bound where they do not
  source: Kaplan and Meier 1958; Brookmeyer and Crowley 1982 for the interval of the median; ended accounts as a competing risk
  edge_cases: >-
    The clock starts when the plan says so, by the start of the contract, the first transaction or a meeting (slice start_kind), and rests
    only while a pause is told. What is open counts as not reached so far, and goes out of sight at its own day count. An account
    that ended without value has not reached it and never will: it stays at risk, for taking it out would shorten the median the
    more accounts are lost. A median over those who reached it alone (naive_median_days) is no measure of an onboarding; it is
    shown to be compared. Value before the start counts as 0 days. Shares within 30, 60 and 90 days: value_reached_share. Completion
    is not value: onboarding_completion. Curve by curve: value_curve.
  version: 1
stored:
  order: [dimension, grain, window_start, dimension_value]
  where: dimension != 'account'
*/
SELECT
    _n.grain AS grain,
    _n.window_start AS window_start,
    addMonths(_n.window_start, if(_n.grain = 'month', 1, 3)) AS window_end,
    _n.dimension AS dimension,
    _n.dimension_value AS dimension_value,
    if(_c.crossed, toNullable(_c.median), NULL) AS value,
    _n.naive AS naive_median_days,
    _n.reached AS reached,
    _n.churned AS churned,
    _n.open AS open,
    _n.started AS n,
    if(_c.low_crossed, toNullable(_c.low), NULL) AS ci_low,
    if(_c.high_crossed, toNullable(_c.high), NULL) AS ci_high,
    toUInt8(n < assumeNotNull((SELECT threshold FROM ${cx}.low_sample))) AS low_sample,
    toUInt8(window_end <= toDate(${now}, '${zone}') AND _n.open = 0) AS is_final,
    toUInt8(_n.open > 0) AS maturing,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        grain,
        window_start,
        dimension,
        dimension_value,
        toInt64(count()) AS started,
        toInt64(countIf(outcome = 'reached')) AS reached,
        toInt64(countIf(outcome = 'churned')) AS churned,
        toInt64(countIf(outcome = 'open')) AS open,
        quantileExactInclusiveOrNullIf(0.5)(days, outcome = 'reached') AS naive
    FROM ${cx}.value_slice
    GROUP BY grain, window_start, dimension, dimension_value
) AS _n
LEFT JOIN
(
    -- A product of shares that is one half comes out a little beside it.
    SELECT
        grain,
        window_start,
        dimension,
        dimension_value,
        minIf(days, survival <= 0.5 + 1e-9) AS median,
        minIf(days, lower <= 0.5 + 1e-9) AS low,
        minIf(days, upper <= 0.5 + 1e-9) AS high,
        toUInt8(countIf(survival <= 0.5 + 1e-9) > 0) AS crossed,
        toUInt8(countIf(lower <= 0.5 + 1e-9) > 0) AS low_crossed,
        toUInt8(countIf(upper <= 0.5 + 1e-9) > 0) AS high_crossed
    FROM ${cx}.value_curve
    GROUP BY grain, window_start, dimension, dimension_value
) AS _c
    ON _n.grain = _c.grain
    AND _n.window_start = _c.window_start
    AND _n.dimension = _c.dimension
    AND _n.dimension_value = _c.dimension_value
