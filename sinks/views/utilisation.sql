/*
comment: >-
  Hours that people delivered against their capacity, by month and quarter. Capacity is a seventh of the week's on every day, by the
  rate card of the person in force at noon (UTC); leave and holidays are not taken off
columns:
  grain: month or quarter
  window_start: First day of the window, in the company's time zone
  window_end: First day after the window
  person_id: Our person
  value: Utilisation, in percent of the capacity so far; NULL where no capacity is known
  numerator: Hours of delivery
  denominator: Hours of capacity on the days of the window so far; NULL where it is not known on each of them
  n: Entries of time
  overhead_hours: Hours that are no delivery
  unsorted_hours: Hours of an unknown kind
  is_final: 1 when the window has ended; see also restatement_log
  as_of: Figures include what Kafka had stored by then, UTC
*/
SELECT
    grain,
    window_start,
    window_end,
    person_id,
    100 * delivery_hours / capacity AS value,
    delivery_hours AS numerator,
    capacity AS denominator,
    n,
    overhead_hours,
    unsorted_hours,
    toUInt8(window_end <= toDate(${now}, '${zone}')) AS is_final,
    assumeNotNull((SELECT as_of FROM ${cx}.watermark)) AS as_of
FROM
(
    SELECT
        grain,
        window_start,
        window_end,
        person_id,
        any(delivery) / 60 AS delivery_hours,
        any(overhead) / 60 AS overhead_hours,
        any(unsorted) / 60 AS unsorted_hours,
        any(entries) AS n,
        -- A day without a card in force makes the capacity unknown: it is not taken for a day off.
        if(countIf(weekly IS NULL) > 0, NULL, toNullable(sum(ifNull(weekly, 0)) / 420)) AS capacity
    FROM
    (
        SELECT
            _d.grain AS grain,
            _d.window_start AS window_start,
            _d.window_end AS window_end,
            _d.person_id AS person_id,
            _d.delivery AS delivery,
            _d.overhead AS overhead,
            _d.unsorted AS unsorted,
            _d.entries AS entries,
            if(_c.rate_micros > 0 AND (_c.valid_to IS NULL OR _d.noon < _c.valid_to), _c.weekly_minutes, NULL) AS weekly
        FROM
        (
            SELECT
                *,
                arrayJoin(
                    arrayMap(
                        d -> toDateTime64(addDays(window_start, d), 6, 'UTC') + toIntervalHour(12),
                        range(toUInt32(greatest(least(window_end, toDate(${now}, '${zone}') + 1) - window_start, 1)))
                    )
                ) AS noon
            FROM
            (
                SELECT
                    tupleElement(window, 1) AS grain,
                    tupleElement(window, 2) AS window_start,
                    tupleElement(window, 3) AS window_end,
                    person_id,
                    sumIf(minutes, kind = 'DELIVERY') AS delivery,
                    sumIf(minutes, kind = 'OVERHEAD') AS overhead,
                    sumIf(minutes, kind = 'UNKNOWN') AS unsorted,
                    toInt64(count()) AS entries
                FROM
                (
                    SELECT
                        person_id,
                        minutes,
                        kind,
                        toDate(least(worked_at, ${end_of_days}), '${zone}') AS day,
                        arrayJoin([
                            ('month', toStartOfMonth(day), addMonths(toStartOfMonth(day), 1)),
                            ('quarter', toStartOfQuarter(day), addMonths(toStartOfQuarter(day), 3))
                        ]) AS window
                    FROM ${cx}.pay_time_entry
                    WHERE is_test = 0
                )
                GROUP BY grain, window_start, window_end, person_id
            )
        ) AS _d
        ASOF LEFT JOIN (SELECT * FROM ${cx}.pay_rate_card WHERE subject = 'person') AS _c
            ON _d.person_id = _c.subject_id AND _d.noon >= _c.valid_from
    )
    GROUP BY grain, window_start, window_end, person_id
)
