/*
comment: >-
  What every signal of health says of an account at the end of a UTC day, as corrected, from the tables of all topics; ask with a day.
  Windows of so many days end with the day and have it
columns:
  account_id: Account
  day: UTC day at whose end it is so
  day_no: The same, days since 1970
  day_end: First moment after it, UTC
  segment: Segment of the account; empty where nobody named one
  started_no: Day of its first contract or subscription, since 1970; NULL where none is known
  overrides: Scores and bands that persons set, by model; of the empty model for all
  leaves: 1 while an end is scheduled, or dunning goes on
  signals: Signals, in alphabetical order
  raws: Number of each; NULL without data
  sinces: Day that the age of each counts from, since 1970; 0 where it has none
*/
SELECT
    account_id,
    day,
    day_no,
    day_end,
    segment,
    started_no,
    overrides,
    toUInt8(cancels != 0 OR dunnings != 0) AS leaves,
    [
        'cancels_scheduled', 'contact_rate', 'csat', 'escalations_open', 'mrr_trend', 'nps', 'oldest_ticket_days',
        'onboarding_days_late', 'overdue_share', 'payments_failing', 'sentiment', 'sla_breach_share', 'touch_days',
        'usage_change', 'usage_share'
    ] AS signals,
    [
        if(hears_billing, toNullable(toFloat64(cancels)), NULL),
        contact_rate,
        tupleElement(csat, 1),
        if(hears_support, toNullable(toFloat64(escalations)), NULL),
        -- Where one currency ends and another begins, nobody knows here what the one is worth in the other.
        if(has_ended AND NOT has_begun, toNullable(least(ifNull(mrr_trend, -100.), -100.)), mrr_trend),
        tupleElement(nps, 1),
        if(hears_support, toNullable(toFloat64(if(oldest IS NULL, 0, greatest(0, day_no - assumeNotNull(oldest))))), NULL),
        if(planned IS NULL, NULL, toNullable(toFloat64(greatest(0, day_no - assumeNotNull(planned))))),
        if(hears_billing, toNullable(greatest(0., ifNull(overdue, 0.))), NULL),
        if(hears_billing, toNullable(toFloat64(failing)), NULL),
        if(judged_at IS NULL OR is_handed_over, NULL, toNullable(toFloat64(tupleElement(judgement, 3)))),
        if(breached + kept > 0, toNullable(toFloat64(100 * breached) / toFloat64(breached + kept)), NULL),
        if(touched IS NULL, NULL, toNullable(toFloat64(greatest(0, day_no - assumeNotNull(touched))))),
        usage_change,
        usage_share
    ] AS raws,
    [
        toInt32(0), 0, tupleElement(csat, 2), 0, 0, tupleElement(nps, 2), 0, 0, 0, 0,
        ifNull(toInt32(intDiv(toUnixTimestamp64Micro(judged_at), 86400000000)), 0), 0, 0, 0, 0
    ] AS sinces
FROM
(
    SELECT
        *,
        judgements[-1] AS judgement,
        if(empty(judgements), NULL, toNullable(tupleElement(judgement, 1))) AS judged_at,
        -- Since the judgement: whenever somebody else came to own the account, or nobody did, unless it is who judged.
        arraySort(
            arrayDistinct(
                arrayFilter(
                    moment -> moment > tupleElement(judgement, 1) AND moment < day_end,
                    arrayConcat(tupleElement(owners, 1), arrayMap(owner -> ifNull(tupleElement(owner, 4), tupleElement(owner, 1)), owners))
                )
            )
        ) AS turns,
        arrayMap(
            moment -> ifNull(
                tupleElement(
                    arrayLast(owner -> tupleElement(owner, 1) <= moment AND ifNull(tupleElement(owner, 4) > moment, 1), owners), 3
                ),
                ''
            ),
            arrayPushFront(turns, tupleElement(judgement, 1))
        ) AS owned_by,
        arrayExists(
            (now, before) -> now != before AND now != tupleElement(judgement, 5),
            arrayPopFront(owned_by),
            arrayPopBack(owned_by)
        ) AS is_handed_over
    FROM
    (
        SELECT
            account_id,
            day,
            any(_s.day_no) AS day_no,
            any(_s.day_end) AS day_end,
            countIf(name IN ('receivable', 'mrr', 'payments_failing', 'payment_failed', 'cancels_scheduled')) > 0 AS hears_billing,
            countIf(name IN ('tickets_open', 'ticket_opened', 'escalations_open')) > 0 AS hears_support,
            ifNull(anyIf(said, name = 'segment'), '') AS segment,
            minIf(toNullable(stated), name = 'started') AS started_no,
            CAST((groupArrayIf(thing, name = 'override' AND override IS NOT NULL), groupArrayIf(assumeNotNull(override), name = 'override' AND override IS NOT NULL)), 'Map(String, String)') AS overrides,
            sumIf(level, name = 'cancels_scheduled') AS cancels,
            sumIf(level, name = 'dunning_open') AS dunnings,
            sumIf(level, name = 'escalations_open') AS escalations,
            sumIf(level, name = 'payments_failing') AS failing,
            sumIf(recent, name = 'sla_breached') AS breached,
            sumIf(recent, name = 'sla_kept') AS kept,
            anyIf(share, name = 'ticket_opened') AS contact_rate,
            minIf(share, name = 'mrr') AS mrr_trend,
            countIf(name = 'mrr' AND level = 0 AND earlier > 0) > 0 AS has_ended,
            countIf(name = 'mrr' AND level > 0 AND earlier <= 0) > 0 AS has_begun,
            maxIf(share, name = 'receivable') AS overdue,
            minIf(share, name = 'usage') AS usage_change,
            minIf(used, name = 'usage') AS usage_share,
            anyIf((share, newest), name = 'nps_answer') AS nps,
            anyIf((share, newest), name = 'csat_answer') AS csat,
            anyIf(first_cell, name = 'tickets_open') AS oldest,
            anyIf(first_cell, name = 'milestones_open') AS planned,
            maxIf(toNullable(newest), name = 'touch') AS touched,
            anyIf(statements, name = 'owner') AS owners,
            anyIf(statements, name = 'sentiment') AS judgements
        FROM
        (
            SELECT
                *,
                tupleElement(sums, 1) AS cells,
                tupleElement(sums, 2) AS numbers,
                tupleElement(sums, 3) AS totals,
                arraySum(numbers) AS level,
                arraySum(if(name = 'mrr', arrayMap((cell, number) -> if(cell <= day_no - 90, number, 0), cells, numbers), [])) AS earlier,
                if(empty(cells), NULL, toNullable(cells[1])) AS first_cell,
                arraySum(if(name IN ('sla_kept', 'sla_breached', 'ticket_opened'), arrayMap((cell, number) -> if(cell > day_no - 30, number, 0), cells, numbers), [])) AS recent,
                multiIf(
                    name IN ('nps_answer', 'csat_answer'),
                    toNullable(
                        toFloat64(arraySum((cell, total) -> if(cell > newest - 30, total, 0), cells, totals))
                        / toFloat64(arraySum((cell, number) -> if(cell > newest - 30, number, 0), cells, numbers))
                    ),
                    name = 'ticket_opened',
                    if(
                        arraySum((cell, number) -> if(cell > day_no - 120 AND cell <= day_no - 30, number, 0), cells, numbers) AS base < 3,
                        NULL,
                        toNullable(toFloat64(100 * recent * 3) / toFloat64(base))
                    ),
                    name = 'receivable',
                    if(
                        level > 0,
                        toNullable(
                            least(
                                100.,
                                toFloat64(100 * arraySum((cell, number) -> if(cell > 0 AND cell < day_no, number, 0), cells, numbers)) / toFloat64(level)
                            )
                        ),
                        NULL
                    ),
                    name = 'mrr',
                    if(earlier > 0 AND level != 0, toNullable(toFloat64(100 * (level - earlier)) / toFloat64(earlier)), NULL),
                    name = 'usage',
                    if(
                        arrayAvg(
                            arrayMap(
                                (cell, number, total) -> toFloat64(total) / toFloat64(number),
                                arrayFilter(cell -> cell <= day_no - 30, cells),
                                arrayFilter((number, cell) -> cell <= day_no - 30, numbers, cells),
                                arrayFilter((total, cell) -> cell <= day_no - 30, totals, cells)
                            )
                        ) AS usage_before > 0 AND arrayExists(cell -> cell > day_no - 30, cells),
                        toNullable(
                            100 * (
                                arrayAvg(
                                    arrayMap(
                                        (cell, number, total) -> toFloat64(total) / toFloat64(number),
                                        arrayFilter(cell -> cell > day_no - 30, cells),
                                        arrayFilter((number, cell) -> cell > day_no - 30, numbers, cells),
                                        arrayFilter((total, cell) -> cell > day_no - 30, totals, cells)
                                    )
                                ) - usage_before
                            ) / usage_before
                        ),
                        NULL
                    ),
                    NULL
                ) AS share,
                if(
                    name = 'usage' AND ifNull(toInt64OrNull(said) > 0, 0),
                    toNullable(toFloat64(100 * toInt128(stated)) / toFloat64(assumeNotNull(toInt64OrNull(said)))),
                    NULL
                ) AS used,
                if(
                    name = 'override',
                    tupleElement(arrayLast(each -> ifNull(tupleElement(each, 4) >= day_end, 1), statements), 3),
                    NULL
                ) AS override
            FROM
            (
                SELECT
                    account_id,
                    day,
                    name,
                    thing,
                    any(_d.day_no) AS day_no,
                    any(_d.day_end) AS day_end,
                    max(cell) AS newest,
                    sumMapIf(
                        [cell],
                        [toInt128(number)],
                        [toInt128(total)],
                        number != 0 AND (name NOT IN ('usage', 'sla_kept', 'sla_breached') OR cell > _d.day_no - 60)
                    ) AS sums,
                    tupleElement(argMax((_f.said, _f.total), (_f.at, _f.mark)) AS last_said, 1) AS said,
                    tupleElement(last_said, 2) AS stated,
                    -- Of each thing the newest eight statements are heeded.
                    arraySlice(
                        arraySort(
                            each -> (tupleElement(each, 1), tupleElement(each, 2)),
                            groupArrayIf((_f.at, _f.mark, _f.said, _f.ends_at, _f.said_by), name IN ('sentiment', 'owner', 'override'))
                        ),
                        -8
                    ) AS statements
                FROM ${cx}.health_fact AS _f
                CROSS JOIN ${cx}.health_day AS _d
                WHERE _f.at < _d.day_end
                GROUP BY account_id, day, name, thing
            )
        ) AS _s
        GROUP BY account_id, day
    )
)
