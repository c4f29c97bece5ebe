/*
comment: >-
  Decided renewals by month and quarter, credited to the manager on the due date and to the manager on the date of the decision, side
  by side; under either credit all lines together are all that was decided or due, and what nobody owned is a line of its own. Values go
  by the shares of the account at that moment, where any are told of; contracts are counted whole with its owner
columns:
  grain: month or quarter
  window_start: First day of the window that the credit's date lies in, in the company's time zone
  window_end: First day after the window
  credit: due_date (manager and window as of the due date) or decision_date (both as of the decision)
  dimension: all, manager, pod or group (lead of the pod), as the assignment says that held then
  dimension_value: Slice; empty for all, and for what nobody owned, or what was owned in no pod or group
  currency: ISO 4217 currency of the amounts
  n: Contracts decided
  renewed: Of these, contracts renewed
  undecided: Contracts due in the window and not decided; none under decision_date
  handed_over: Contracts whose account got another manager within 60 days before they were due
  credited_elsewhere: Decided contracts whose manager on the other date is another one
  value_before: Yearly value of the decided ones before the renewal
  value_after: Yearly value of the decided ones after it, of those whose value is told in the same currency
  value_undecided: Yearly value of the undecided ones; with value_before it is all that was due in the window
  without_value: Decided contracts whose value after the renewal is told in another currency
  is_final: 1 when the window has ended and nothing in it is undecided
stored:
  order: [dimension, grain, window_start, credit, dimension_value, currency]
*/
SELECT
    grain,
    multiIf(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    credit,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    currency,
    toInt64(countIf(is_decided = 1 AND is_whole = 1)) AS n,
    toInt64(countIf(is_kept = 1 AND is_whole = 1)) AS renewed,
    toInt64(countIf(is_decided = 0 AND is_whole = 1)) AS undecided,
    toInt64(countIf(is_handed_over = 1 AND is_whole = 1)) AS handed_over,
    toInt64(countIf(is_decided = 1 AND due_manager != decision_manager AND is_whole = 1)) AS credited_elsewhere,
    sumIf(part_before, is_decided = 1) AS value_before,
    sumIf(part_after, is_decided = 1) AS value_after,
    sumIf(part_before, is_decided = 0) AS value_undecided,
    toInt64(countIf(is_decided = 1 AND after_value IS NULL AND is_whole = 1)) AS without_value,
    toUInt8(window_end <= toDate(${now}, '${zone}') AND countIf(is_decided = 0) = 0) AS is_final
FROM
(
    SELECT
        currency,
        is_decided,
        is_kept,
        is_handed_over,
        after_value,
        due_manager,
        decision_manager,
        before_value * tupleElement(credited, 7) / 10000 - before_value * tupleElement(credited, 6) / 10000 AS part_before,
        ifNull(after_value, 0) * tupleElement(credited, 7) / 10000 - ifNull(after_value, 0) * tupleElement(credited, 6) / 10000
            AS part_after,
        tupleElement(credited, 8) AS is_whole,
        tupleElement(credited, 1) AS credit,
        toDate(least(tupleElement(credited, 2), ${end_of_days}), '${zone}') AS day,
        arrayJoin([
            ('all', ''),
            ('manager', tupleElement(credited, 3)),
            ('pod', tupleElement(credited, 4)),
            ('group', tupleElement(credited, 5))
        ]) AS slice,
        arrayJoin(['month', 'quarter']) AS grain
    FROM
    (
        SELECT
            currency,
            is_decided,
            is_kept,
            is_handed_over,
            value_before AS before_value,
            value_after AS after_value,
            tupleElement(due_owner, 1) AS due_manager,
            tupleElement(decider, 1) AS decision_manager,
            arrayFilter(
                each -> tupleElement(each, 1) = 'due_date' OR is_decided = 1,
                [('due_date', due_at, due_owner), ('decision_date', ifNull(decided_at, due_at), decider)]
            ) AS moments,
            -- Where shares were told of, the owner has the contract without its value, and who has a part in a row of its own.
            arrayJoin(arrayConcat(
                arrayMap(
                    (name, at, owner) -> (
                        name,
                        at,
                        tupleElement(owner, 1),
                        tupleElement(owner, 2),
                        tupleElement(owner, 3),
                        toInt64(0),
                        if(empty(parts), toInt64(10000), toInt64(0)),
                        toUInt8(1)
                    ),
                    tupleElement(moments, 1),
                    tupleElement(moments, 2),
                    tupleElement(moments, 3)
                ),
                arrayFlatten(arrayMap(
                    (name, at) -> arrayMap(
                        part -> (
                            name,
                            at,
                            tupleElement(part, 3),
                            tupleElement(part, 4),
                            tupleElement(part, 5),
                            tupleElement(part, 6),
                            tupleElement(part, 7),
                            toUInt8(0)
                        ),
                        arrayFilter(part -> tupleElement(part, 1) <= at AND tupleElement(part, 2) > at, parts)
                    ),
                    tupleElement(moments, 1),
                    tupleElement(moments, 2)
                ))
            )) AS credited
        FROM
        (
            SELECT _r.*, _c.spans AS parts
            FROM ${cx}.renewal_owned AS _r
            LEFT JOIN ${cx}.credit_course AS _c ON _r.account_id = _c.account_id
            WHERE _r.status != 'unknown'
        )
    )
)
WHERE day <= toDate(${now}, '${zone}')
GROUP BY grain, window_start, credit, dimension, dimension_value, currency
