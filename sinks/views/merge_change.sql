/*
comment: >-
  What moved from one customer to another when accounts were merged or taken apart: a row that loses and a row that gains for each
  account, figure and currency, so that both directions add up to nothing. A merge that moved nothing has rows of mrr with 0
columns:
  metric: mrr, receivable or backlog
  account_id: Account that counts as another one since
  entity_kind: Always account_merge
  entity_id: The same account
  item: Currency of a receivable; empty for the others
  day: Day on which it took effect, in the company's time zone; what moved is what stood at its end
  week_start: Week window of the change
  month_start: Month window of the change
  quarter_start: Quarter window of the change
  from_day: The same as day
  dimension: Always customer
  slice: Account that lost it or gained it
  grain: Always empty
  kind: merged where the account counts as another one since, unmerged where such a merge ended or its account is in a ring
  numerator: What the customer gained; recurring revenue in the reporting currency, receivables in their own, tickets
  denominator: Always 0
  old_value: What the account had brought the customer before; NULL for the one that gained it
  new_value: What it brings the customer since; NULL for the one that lost it
  reason: What happened, in words
  event_id: Event that caused the change
  source: System and instance that the event comes from
  occurred_at: When the event happened, UTC
  ingested_at: When Kafka stored the event, UTC; a figure read before it did not include the change
*/
SELECT
    tupleElement(part, 1) AS metric,
    account_id,
    'account_merge' AS entity_kind,
    account_id AS entity_id,
    tupleElement(part, 2) AS item,
    moved_on AS day,
    toStartOfWeek(day, ${week_mode}) AS week_start,
    toStartOfMonth(day) AS month_start,
    toStartOfQuarter(day) AS quarter_start,
    day AS from_day,
    'customer' AS dimension,
    tupleElement(side, 1) AS slice,
    '' AS grain,
    change AS kind,
    moved * tupleElement(side, 2) AS numerator,
    toDecimal128(0, 6) AS denominator,
    if(tupleElement(side, 2) = -1, toNullable(toFloat64(moved)), NULL) AS old_value,
    if(tupleElement(side, 2) = 1, toNullable(toFloat64(moved)), NULL) AS new_value,
    concat('it counts as ', now_counts_as, ', and not as ', counted_as, ' any more') AS reason,
    cause AS event_id,
    told_by AS source,
    happened_at AS occurred_at,
    stored_at AS ingested_at
FROM
(
    SELECT
        account_id,
        moved_on,
        change,
        counted_as,
        now_counts_as,
        cause,
        told_by,
        happened_at,
        stored_at,
        tupleElement(each, 1) AS part,
        sum(tupleElement(each, 2)) AS moved
    FROM
    (
        SELECT
            _t.*,
            arrayJoin([
                (('mrr', ''), toDecimal128(intDiv(_p.mrr_pico, 1000000), 6) / 1000000),
                (('receivable', _p.currency), _p.open),
                (('backlog', ''), toDecimal128(_p.tickets, 6))
            ]) AS each
        FROM
        (
            SELECT
                _m.account_id AS account_id,
                _m.moved_on AS moved_on,
                _m.change AS change,
                _m.counted_as AS counted_as,
                _m.now_counts_as AS now_counts_as,
                -- Of several at one moment, the one that is about the account or the one that took it along.
                argMax(
                    (_c.cause, _c.told_by, _c.happened_at, _c.stored_at),
                    (_c.merging IN (_m.account_id, _m.counted_as, _m.now_counts_as), _c.cause)
                ) AS found,
                tupleElement(found, 1) AS cause,
                tupleElement(found, 2) AS told_by,
                tupleElement(found, 3) AS happened_at,
                tupleElement(found, 4) AS stored_at
            FROM
            (
                SELECT
                    account_id,
                    tupleElement(step, 1) AS moved_at,
                    toDate(least(moved_at, ${end_of_days}), '${zone}') AS moved_on,
                    if(tupleElement(step, 5) >= tupleElement(step, 4), 'merged', 'unmerged') AS change,
                    tupleElement(step, 2) AS counted_as,
                    tupleElement(step, 3) AS now_counts_as
                FROM
                (
                    SELECT
                        account_id,
                        arraySort(groupArray((from_at, until_at, survivor_id, merges))) AS spans,
                        arrayJoin(arrayConcat(
                            arrayMap(
                                (span, before) -> if(
                                    tupleElement(before, 2) = tupleElement(span, 1),
                                    (
                                        tupleElement(span, 1), tupleElement(before, 3), tupleElement(span, 3),
                                        tupleElement(before, 4), tupleElement(span, 4)
                                    ),
                                    (tupleElement(span, 1), account_id, tupleElement(span, 3), toUInt32(0), tupleElement(span, 4))
                                ),
                                spans,
                                arrayPopBack(arrayPushFront(spans, (spans[1])))
                            ),
                            arrayMap(
                                span -> (
                                    tupleElement(span, 2), tupleElement(span, 3), account_id, tupleElement(span, 4), toUInt32(0)
                                ),
                                arrayFilter(span -> NOT has(tupleElement(spans, 1), tupleElement(span, 2)), spans)
                            )
                        )) AS step
                    FROM ${cx}.account_identity_span
                    GROUP BY account_id
                )
                -- What a link names was the account from the beginning: nothing moved on a day.
                WHERE moved_at <= ${now} AND moved_at > toDateTime64(0, 6, 'UTC') AND counted_as != now_counts_as
            ) AS _m
            LEFT JOIN
            (
                SELECT _k.at AS at, _k.merging AS merging, _k.cause AS cause, _e.told_by AS told_by,
                    _e.happened_at AS happened_at, _e.stored_at AS stored_at
                FROM
                (
                    SELECT account_id AS merging, from_at AS at, event_id AS cause
                    FROM ${cx}.account_merge
                    WHERE is_test = 0 AND NOT has(flags, 'unmerged_without_merge')
                    UNION ALL
                    SELECT account_id, assumeNotNull(until_at), ended_event_id
                    FROM ${cx}.account_merge
                    WHERE is_test = 0 AND until_at IS NOT NULL AND empty(flags)
                ) AS _k
                LEFT JOIN
                (
                    SELECT
                        account_id,
                        event_id,
                        any(toString(source)) AS told_by,
                        any(occurred_at) AS happened_at,
                        any(ingested_at) AS stored_at
                    FROM ${cx}.event
                    WHERE entity = concat('account_merge:', account_id)
                    GROUP BY account_id, event_id
                ) AS _e ON _k.merging = _e.account_id AND _k.cause = _e.event_id
            ) AS _c ON _m.moved_at = _c.at
            GROUP BY account_id, moved_on, _m.moved_at, change, counted_as, now_counts_as
        ) AS _t
        LEFT JOIN
        (
            SELECT
                account_id,
                toDate(least(starts_at, ${end_of_days}), '${zone}') AS from_day,
                toDate(least(ends_at, ${end_of_days}), '${zone}') AS until_day,
                reported_pico AS mrr_pico,
                '' AS currency,
                toDecimal128(0, 6) AS open,
                toInt64(0) AS tickets
            FROM ${cx}.mrr_span
            WHERE policy = 'cxledger'
            UNION ALL
            SELECT account_id, from_day, until_day, 0, currency, amount, 0 FROM ${cx}.receivable_span
            UNION ALL
            SELECT
                account_id,
                toDate(least(from_at, ${end_of_days}), '${zone}'),
                toDate(least(until_at, ${end_of_days}), '${zone}'),
                0,
                '',
                0,
                1
            FROM ${cx}.backlog_span
        ) AS _p ON _t.account_id = _p.account_id AND _p.from_day <= _t.moved_on AND _p.until_day > _t.moved_on
    )
    GROUP BY account_id, moved_on, change, counted_as, now_counts_as, cause, told_by, happened_at, stored_at, part
    HAVING moved != 0 OR tupleElement(part, 1) = 'mrr'
)
ARRAY JOIN [(counted_as, toInt8(-1)), (now_counts_as, toInt8(1))] AS side
