/*
comment: >-
  Accounts over windows of 1, 3 and 12 months, by what they paid when the window began; amounts in units of 10^-12 of the
  reporting currency
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  account_id: Account
  policy: MRR policy
  owner: Manager who owned the account when the window began; empty when nobody did
  segment: Segment of the account when the window began; empty when not told
  opening: Revenue when the window began
  closing: Revenue when it ended, or now
  gained: Expansions, resumptions and reactivations in the window
  lost: Contractions, pauses and churn in the window, above 0
  is_lost: 1 when an account that paid at the start has no revenue at the end and is not only paused
*/
SELECT
    months,
    window_start,
    window_end,
    account_id,
    policy,
    if(_o.valid_to IS NULL OR at < _o.valid_to, ifNull(_o.slice, ''), '') AS owner,
    segment,
    opening,
    closing,
    gained,
    lost,
    toUInt8(opening > 0 AND closing <= 0 AND NOT is_paused) AS is_lost
FROM
(
    SELECT _w.*, ifNull(_s.slice, '') AS segment
    FROM
    (
        SELECT
            months,
            addMonths(month, -later) AS window_start,
            addMonths(window_start, months) AS window_end,
            toDateTime64(window_start, 6, '${zone}') AS at,
            account_id,
            policy,
            argMin(opening, month) AS opening,
            argMax(closing, month) AS closing,
            sum(expansion_pico + resume_pico + reactivation_pico) AS gained,
            -sum(contraction_pico + pause_pico + churn_pico) AS lost,
            argMax(is_paused, month) AS is_paused
        FROM
        (
            SELECT m.*, l.months AS months, arrayJoin(range(l.months)) AS later
            FROM ${cx}.mrr_account_month AS m
            CROSS JOIN (SELECT toUInt8(arrayJoin([1, 3, 12])) AS months) AS l
        )
        GROUP BY months, window_start, account_id, policy
        HAVING window_start <= addMonths(toStartOfMonth(toDate(${now}, '${zone}')), 1 - months)
    ) AS _w
    ASOF LEFT JOIN ${cx}.segment_history AS _s ON _w.account_id = _s.account_id AND _w.at >= _s.valid_from
) AS _f
ASOF LEFT JOIN ${cx}.owner_history AS _o ON _f.account_id = _o.account_id AND _f.at >= _o.valid_from
