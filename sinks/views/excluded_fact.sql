/*
comment: What metrics leave out of their facts, and why; of what is not listed here nothing is known
columns:
  facts: View of facts that it is left out of
  moment: Time that would place it in a window, UTC
  account_id: Account
  survey_id: Survey; empty for all else
  fact_id: Response, invitation, display, invoice, payment, refund, dispute, subscription, ticket, onboarding, or contract and term
  kind: Kind of the answer that is left out, or value of a renewal whose amounts are; empty where all of the fact is
  reason: >-
    test, deleted, no_nps_answer, score_corrected (a detractor no longer), or the reason of unscored_answer; of invoices
    void, credit (below zero) or nothing_to_pay; of attempts not_issued, not_recurring, after_trial or sent_by_mail;
    of tickets deleted, merged or spam, and no_threshold of a rating; of service level clocks cancelled or paused; of
    renewals currency_differs (its value is told in another currency than before); of onboardings not_planned and not_started
  entities: Entities whose events make it, kind:id, as the event table names them
*/
SELECT
    arrayJoin(
        if(
            reason = 'no_nps_answer',
            ['nps_score', 'topic_score'],
            ['nps_score', 'topic_score', 'submitted_response', 'tagged_response', 'scored_answer']
        )
    ) AS facts,
    moment,
    account_id,
    survey_id,
    fact_id,
    '' AS kind,
    reason,
    [concat('response:', fact_id)] AS entities
FROM
(
    SELECT
        assumeNotNull(submitted_at) AS moment,
        account_id,
        survey_id,
        response_id AS fact_id,
        multiIf(is_test = 1, 'test', status = 'deleted', 'deleted', nps IS NULL, 'no_nps_answer', '') AS reason
    FROM ${cx}.response
    WHERE submitted_at IS NOT NULL
)
WHERE reason != ''
UNION ALL
SELECT 'scored_answer', moment, account_id, survey_id, fact_id, toString(kind), reason, entities
FROM ${cx}.judged_answer
WHERE reason != ''
UNION ALL
SELECT
    'detractor_case',
    submitted_at,
    account_id,
    survey_id,
    response_id,
    '',
    if(is_test = 1, 'test', 'score_corrected'),
    [concat('response:', response_id)]
FROM ${cx}.followup_case
WHERE is_test = 1 OR state = 'voided'
UNION ALL
SELECT
    'invitation_outcome',
    assumeNotNull(sent_at),
    account_id,
    survey_id,
    invitation_id,
    '',
    'test',
    [concat('invitation:', invitation_id)]
FROM ${cx}.invitation
WHERE is_test = 1 AND sent_at IS NOT NULL
UNION ALL
SELECT
    'display_outcome',
    displayed_at,
    account_id,
    survey_id,
    display_id,
    '',
    'test',
    [concat('survey_display:', display_id)]
FROM ${cx}.survey_display
WHERE is_test = 1
UNION ALL
SELECT
    'due_invoice',
    ifNull(due_at, assumeNotNull(issued_at)),
    account_id,
    '',
    invoice_id,
    '',
    multiIf(is_test = 1, 'test', status IN ('void', 'credit'), toString(status), 'nothing_to_pay'),
    [concat('invoice:', invoice_id)]
FROM ${cx}.invoice
WHERE issued_at IS NOT NULL AND (is_test = 1 OR status IN ('void', 'credit') OR total_micros <= 0)
UNION ALL
SELECT
    'first_attempt',
    _a.at,
    _a.account_id,
    '',
    _a.invoice_id,
    '',
    multiIf(
        _a.is_test = 1, 'test',
        _i.status IN ('', 'incomplete'), 'not_issued',
        _i.is_recurring = 0, 'not_recurring',
        _i.billing_reason = 'TRIAL_END', 'after_trial',
        'sent_by_mail'
    ),
    [concat('invoice:', _a.invoice_id)]
FROM (SELECT * FROM ${cx}.payment_attempt WHERE is_first = 1) AS _a
LEFT JOIN
(
    SELECT
        account_id,
        invoice_id,
        toString(status) AS status,
        is_recurring,
        toString(billing_reason) AS billing_reason,
        toString(collection_method) AS collection_method
    FROM ${cx}.invoice
) AS _i ON _a.account_id = _i.account_id AND _a.invoice_id = _i.invoice_id
WHERE _a.is_test = 1 OR _i.is_recurring = 0 OR _i.billing_reason = 'TRIAL_END' OR _i.collection_method = 'SEND_INVOICE'
UNION ALL
SELECT
    arrayJoin(['failed_invoice', 'dunned_invoice']),
    min(at),
    account_id,
    '',
    invoice_id,
    '',
    'test',
    [concat('invoice:', invoice_id)]
FROM ${cx}.payment_attempt
WHERE outcome = 'failed' AND is_test = 1
GROUP BY account_id, invoice_id
UNION ALL
SELECT
    arrayJoin(['received_payment', 'captured_payment', 'money_moved']) AS facts,
    paid_at,
    account_id,
    '',
    if(facts = 'received_payment', concat(payment_id, '/', invoice_id), payment_id),
    '',
    'test',
    [concat('invoice:', invoice_id)]
FROM ${cx}.payment
WHERE is_test = 1
UNION ALL
SELECT
    arrayJoin(['received_payment', 'captured_payment', 'money_moved']) AS facts,
    received_at,
    account_id,
    '',
    if(facts = 'received_payment', concat(payment_id, '/'), payment_id),
    '',
    'test',
    [concat('receipt:', payment_id)]
FROM ${cx}.receipt
WHERE is_test = 1
UNION ALL
SELECT
    arrayJoin(['received_payment', 'money_moved']),
    returned_at,
    account_id,
    '',
    concat(return_id, '/', payment_id, '/', invoice_id),
    '',
    'test',
    [if(invoice_id = '', concat('receipt:', payment_id), concat('invoice:', invoice_id))]
FROM ${cx}.payment_return
WHERE is_test = 1
UNION ALL
SELECT
    arrayJoin(['money_moved', 'requested_refund']),
    assumeNotNull(refunded_at),
    account_id,
    '',
    refund_id,
    '',
    'test',
    [concat('refund:', refund_id)]
FROM ${cx}.refund
WHERE is_test = 1 AND refunded_at IS NOT NULL
UNION ALL
SELECT 'money_moved', assumeNotNull(opened_at), account_id, '', dispute_id, '', 'test', [concat('dispute:', dispute_id)]
FROM ${cx}.dispute
WHERE is_test = 1 AND is_chargeback = 1 AND opened_at IS NOT NULL
UNION ALL
SELECT
    arrayJoin(arrayFilter(
        each -> each != '',
        [
            'opened_ticket',
            'escalated_ticket',
            'ticket_clock',
            if(is_test = 1, 'backlog_day', ''),
            if(first_solved_at IS NULL, '', 'solved_ticket'),
            if(last_solved_at IS NULL, '', 'finished_ticket'),
            if(csat_offered_at IS NULL AND csat_rated_at IS NULL, '', 'asked_rating'),
            if(csat_rated_at IS NULL, '', 'rated_ticket')
        ]
    )) AS facts,
    assumeNotNull(multiIf(
        facts = 'solved_ticket', first_solved_at,
        facts = 'finished_ticket', last_solved_at,
        facts = 'asked_rating', coalesce(csat_offered_at, csat_rated_at),
        facts = 'rated_ticket', csat_rated_at,
        opened_at
    )),
    account_id,
    '',
    ticket_id,
    '',
    if(is_test = 1, 'test', toString(status)),
    [concat('ticket:', ticket_id)]
FROM ${cx}.ticket
WHERE opened_at IS NOT NULL AND (is_test = 1 OR removed_at IS NOT NULL)
UNION ALL
SELECT DISTINCT 'mrr_flow', at, account_id, '', subscription_id, '', 'test', [concat('subscription:', subscription_id)]
FROM ${cx}.mrr_movement
WHERE is_test = 1
UNION ALL
SELECT 'receivable_span', min(at), account_id, '', invoice_id, '', 'test', [concat('invoice:', invoice_id)]
FROM ${cx}.receivable_entry
WHERE is_test = 1 AND book = 'receivable'
GROUP BY account_id, invoice_id
UNION ALL
SELECT
    'sla_outcome',
    assumeNotNull(coalesce(breached_at, due_at, cancelled_at, activated_at)),
    account_id,
    '',
    concat(ticket_id, '/', toString(metric), '/', toString(instance_no)),
    '',
    if(is_test = 1, 'test', toString(state)),
    [concat('ticket:', ticket_id)]
FROM ${cx}.sla_instance
WHERE is_test = 1 OR state IN ('cancelled', 'paused')
UNION ALL
SELECT
    'rated_ticket',
    assumeNotNull(csat_rated_at),
    account_id,
    '',
    ticket_id,
    '',
    'no_threshold',
    [concat('ticket:', ticket_id)]
FROM ${cx}.ticket
WHERE csat_rated_at IS NOT NULL AND (csat_score IS NULL OR csat_positive_from IS NULL) AND removed_at IS NULL AND is_test = 0
UNION ALL
SELECT
    'asked_question',
    _w.asked_at,
    _w.account_id,
    '',
    concat(_w.ticket_id, '/', toString(_w.instance_no)),
    '',
    _t.reason,
    [concat('ticket:', _w.ticket_id)]
FROM ${cx}.ticket_next_reply AS _w
INNER JOIN
(
    SELECT account_id, ticket_id, if(is_test = 1, 'test', toString(status)) AS reason
    FROM ${cx}.ticket
    WHERE is_test = 1 OR removed_at IS NOT NULL
) AS _t ON _w.account_id = _t.account_id AND _w.ticket_id = _t.ticket_id
UNION ALL
SELECT
    'counted_message',
    _m.sent_at,
    _m.account_id,
    '',
    concat(_m.ticket_id, '/', _m.message_id),
    '',
    _t.reason,
    [concat('ticket:', _m.ticket_id)]
FROM ${cx}.ticket_message AS _m
INNER JOIN
(
    SELECT account_id, ticket_id, if(is_test = 1, 'test', toString(status)) AS reason
    FROM ${cx}.ticket
    WHERE is_test = 1 OR removed_at IS NOT NULL
) AS _t ON _m.account_id = _t.account_id AND _m.ticket_id = _t.ticket_id
WHERE _m.is_public = 1 AND _m.author_type IN ('requester', 'agent')
UNION ALL
SELECT
    'renewal_fact',
    due_at,
    account_id,
    '',
    concat(contract_id, '/', toString(term_no)),
    if(is_test = 1, '', 'value'),
    if(is_test = 1, 'test', 'currency_differs'),
    [concat('contract:', contract_id)]
FROM ${cx}.renewal
WHERE is_test = 1 OR has(flags, 'currency_differs')
UNION ALL
SELECT
    arrayJoin(['onboarding_course', 'value_reached', 'started_onboarding']),
    ifNull(starts_at, occurred_at),
    account_id,
    '',
    onboarding_id,
    '',
    multiIf(is_test = 1, 'test', starts_at IS NULL, 'not_planned', 'not_started'),
    [concat('onboarding:', onboarding_id)]
FROM ${cx}.onboarding
WHERE is_test = 1 OR starts_at IS NULL OR starts_at > ${now}
