/*
comment: >-
  Accounts that paid when a window of 1, 3 or 12 months began, and what became of them; amounts in units of 10^-12 of the
  reporting currency
columns:
  months: Length of the window in months, 1, 3 or 12
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  account_id: Account
  policy: MRR policy
  owner: Manager who owned the account when the window began; empty when nobody did
  segment: Segment of the account when the window began; empty when not told
  plan_id: Plan that brought most of the account's revenue when the window began, of equals the first by name
  product_line: The same of product lines; empty also when not told
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
    plan_id,
    product_line,
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
            tupleElement(frame, 1) AS months,
            months_of[tupleElement(frame, 2)] AS window_start,
            addMonths(window_start, months) AS window_end,
            toDateTime64(window_start, 6, '${zone}') AS at,
            account_id,
            policy,
            openings[tupleElement(frame, 2)] AS opening,
            closings[tupleElement(frame, 2) + months - 1] AS closing,
            arraySum(arraySlice(gains, tupleElement(frame, 2), months)) AS gained,
            arraySum(arraySlice(losses, tupleElement(frame, 2), months)) AS lost,
            pauses[tupleElement(frame, 2) + months - 1] AS is_paused,
            plans[tupleElement(frame, 2) - 1] AS plan_id,
            lines[tupleElement(frame, 2) - 1] AS product_line
        FROM
        (
            SELECT
                account_id,
                policy,
                arraySort(groupArray((
                    month, opening, closing, expansion_pico + resume_pico + reactivation_pico,
                    -(contraction_pico + pause_pico + churn_pico), is_paused, plan_id, product_line
                ))) AS course,
                tupleElement(course, 1) AS months_of,
                tupleElement(course, 2) AS openings,
                tupleElement(course, 3) AS closings,
                tupleElement(course, 4) AS gains,
                tupleElement(course, 5) AS losses,
                tupleElement(course, 6) AS pauses,
                tupleElement(course, 7) AS plans,
                tupleElement(course, 8) AS lines
            FROM ${cx}.mrr_account_month
            GROUP BY account_id, policy
        )
        ARRAY JOIN arrayFlatten(arrayMap(
            length_of -> arrayMap(
                n -> (length_of, n),
                arrayFilter(
                    n -> openings[n] > 0 AND n + length_of - 1 <= length(course),
                    arrayEnumerate(course)
                )
            ),
            [1, 3, 12]
        )) AS frame
    ) AS _w
    ASOF LEFT JOIN ${cx}.segment_history AS _s ON _w.account_id = _s.account_id AND _w.at >= _s.valid_from
) AS _f
ASOF LEFT JOIN ${cx}.owner_history AS _o ON _f.account_id = _o.account_id AND _f.at >= _o.valid_from
