/*
comment: >-
  Renewals by the policies of renewal rates: by the date that they are due, by the date that they were first due, or what was due
  and what was closed each at its own date
columns:
  moment: When it was due or closed, UTC, as the policy has it; the window that it belongs to
  account_id: Account
  fact_id: Contract and term, joined by a slash
  policy: due_date, first_due_date or closed_date
  currency: ISO 4217 currency of the amounts
  is_due: 1 for a renewal that was due; under closed_date 0 for one that was closed
  is_counted: 1 when it belongs to the denominator; under the first two policies once it is decided, under closed_date always
  is_undecided: 1 for one that was due and is not decided
  is_closed: 1 when it belongs to the numerator, lost ones too
  is_kept: 1 when it was renewed, for whatever value
  is_auto: 1 when it renewed itself because the notice had passed
  is_early: 1 when it was decided before the day on which it was due
  is_late: 1 when it was decided after that day
  is_handed_over: 1 when its account got another manager within 60 days before it was due
  is_comparable: 0 when its value after the renewal is told in another currency than before
  is_immature: 1 while it is undecided and the days of grace have not passed; never under closed_date
  value_due: Value of one year before the renewal, where it belongs to the denominator
  value_final: Value of one year after it, where it belongs to the numerator
  value_kept: The same, no more than before
  value_undecided: Value of one year before the renewal, where it is not decided
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    tupleElement(part, 2) AS moment,
    account_id,
    fact_id,
    tupleElement(part, 1) AS policy,
    currency,
    toUInt8(tupleElement(part, 3)) AS is_due,
    toUInt8(is_due AND (is_decided OR policy = 'closed_date')) AS is_counted,
    toUInt8(is_due AND NOT is_decided) AS is_undecided,
    toUInt8(is_decided AND tupleElement(part, 4)) AS is_closed,
    toUInt8(is_closed AND renewed) AS is_kept,
    toUInt8(is_kept AND status = 'renewed_auto') AS is_auto,
    toUInt8(is_closed AND timing = 'early') AS is_early,
    toUInt8(is_closed AND timing = 'late') AS is_late,
    toUInt8(is_due AND handed_over) AS is_handed_over,
    toUInt8(NOT is_decided OR value_after IS NOT NULL) AS is_comparable,
    toUInt8(is_due AND is_in_grace AND policy != 'closed_date') AS is_immature,
    value_before * is_counted AS value_due,
    ifNull(value_after, toDecimal128(0, 6)) * is_closed AS value_final,
    least(value_final, value_before) AS value_kept,
    value_before * is_undecided AS value_undecided,
    entities
FROM
(
    SELECT
        * EXCEPT (is_kept, is_handed_over),
        is_kept AS renewed,
        is_handed_over AS handed_over,
        arrayJoin(
            arrayConcat(
                [
                    ('due_date', due_at, 1, 1),
                    ('first_due_date', first_due_at, 1, 1),
                    ('closed_date', due_at, 1, 0)
                ],
                if(decided_at IS NULL, [], [('closed_date', assumeNotNull(decided_at), 0, 1)])
            )
        ) AS part
    FROM ${cx}.renewal_course
)
