/*
comment: >-
  Decided renewals by month and quarter, credited to the manager on the due date and to the manager on the date of the decision, side
  by side; under either credit all lines together are all that was decided or due, and what nobody owned is a line of its own
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
  without_value: Decided contracts whose value after the renewal is told in another currency
  is_final: 1 when the window has ended and nothing in it is undecided
*/
SELECT
    grain,
    multiIf(grain = 'month', toStartOfMonth(day), toStartOfQuarter(day)) AS window_start,
    if(grain = 'month', addMonths(window_start, 1), addMonths(window_start, 3)) AS window_end,
    credit,
    tupleElement(slice, 1) AS dimension,
    tupleElement(slice, 2) AS dimension_value,
    currency,
    toInt64(countIf(is_decided = 1)) AS n,
    toInt64(countIf(is_kept = 1)) AS renewed,
    toInt64(countIf(is_decided = 0)) AS undecided,
    toInt64(countIf(is_handed_over = 1)) AS handed_over,
    toInt64(countIf(is_decided = 1 AND due_manager != decision_manager)) AS credited_elsewhere,
    sumIf(before_value, is_decided = 1) AS value_before,
    sumIf(ifNull(after_value, 0), is_decided = 1) AS value_after,
    toInt64(countIf(is_decided = 1 AND after_value IS NULL)) AS without_value,
    toUInt8(window_end <= toDate(${now}, '${zone}') AND undecided = 0) AS is_final
FROM
(
    SELECT
        currency,
        is_decided,
        is_kept,
        is_handed_over,
        before_value,
        after_value,
        due_manager,
        decision_manager,
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
            arrayJoin(arrayFilter(
                each -> tupleElement(each, 1) = 'due_date' OR is_decided = 1,
                [
                    (
                        'due_date', due_at, tupleElement(due_owner, 1), tupleElement(due_owner, 2), tupleElement(due_owner, 3)
                    ),
                    (
                        'decision_date', ifNull(decided_at, due_at),
                        tupleElement(decider, 1), tupleElement(decider, 2), tupleElement(decider, 3)
                    )
                ]
            )) AS credited
        FROM ${cx}.renewal_owned
        WHERE status != 'unknown'
    )
)
WHERE day <= toDate(${now}, '${zone}')
GROUP BY grain, window_start, credit, dimension, dimension_value, currency
