/*
comment: >-
  What happened with an account in surveys, billing, support, contracts and onboardings, and how its health and its risks went, newest first, each with the
  manager in charge then; to be read for one account
columns:
  at: When it happened, UTC
  account_id: Account
  area: survey, billing, support, contract, onboarding, relationship or health
  kind: What it was, in one word
  sentence: What happened, in words
  owner: Manager who owned the account then; empty when nobody did
  subject_id: Response, invoice, subscription, refund, dispute, ticket, touch, request, notice, judgement, meter, contract, onboarding, other account, manager, model or rule that it is about
  entity: Entity whose events tell of it, kind:id, as the event table names them
*/
SELECT
    _t.at AS at,
    _t.account_id AS account_id,
    _t.area AS area,
    _t.kind AS kind,
    _t.sentence AS sentence,
    if(_o.valid_to IS NULL OR _t.at < _o.valid_to, ifNull(_o.slice, ''), '') AS owner,
    _t.subject_id AS subject_id,
    _t.entity AS entity
FROM
(
    SELECT
        assumeNotNull(submitted_at) AS at,
        account_id,
        'survey' AS area,
        'answer' AS kind,
        concat(
            if(contact_id = '', 'Somebody', contact_id), ' answered ', survey_id,
            multiIf(
                nps IS NULL, '',
                nps >= 9, concat(' with ', toString(nps), ', a promoter'),
                nps > 6, concat(' with ', toString(nps)),
                concat(' with ', toString(nps), ', a detractor')
            )
        ) AS sentence,
        response_id AS subject_id,
        concat('response:', response_id) AS entity
    FROM ${cx}.response
    WHERE status = 'submitted' AND submitted_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        occurred_at,
        account_id,
        'survey',
        'follow_up',
        concat(
            if(manager_id = '', 'Somebody', manager_id), ' followed up on an answer', if(kind = '', '', concat(', ', lower(kind)))
        ),
        response_id,
        concat('response:', response_id)
    FROM ${cx}.followup
    WHERE is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(missed_at),
        account_id,
        'survey',
        'follow_up_missed',
        concat('Nobody followed up on the score ', toString(score), ' in time'),
        response_id,
        concat('response:', response_id)
    FROM ${cx}.followup_case
    WHERE missed_at IS NOT NULL AND state != 'voided' AND is_test = 0
    UNION ALL
    SELECT
        at,
        account_id,
        'billing',
        toString(kind),
        concat(
            'Recurring revenue ', if(amount_micros < 0, 'fell', 'rose'), ' by ', printf('%.2f', abs(amount_micros) / 1000000), ' ',
            currency, ' a month: ', if(crosses_rates = 1, 'one of several changes at that moment', replaceAll(toString(kind), '_', ' '))
        ),
        subscription_id,
        concat('subscription:', subscription_id)
    FROM ${cx}.mrr_movement
    WHERE policy = 'cxledger' AND amount_micros != 0 AND is_test = 0 AND at <= ${now}
    UNION ALL
    SELECT
        assumeNotNull(issued_at),
        account_id,
        'billing',
        'invoice',
        concat(
            'Invoice ', if(number = '', invoice_id, number), ' over ', printf('%.2f', total_micros / 1000000), ' ', currency,
            if(due_at IS NULL, '', concat(', due on ', left(toString(assumeNotNull(due_at), '${zone}'), 10)))
        ),
        invoice_id,
        concat('invoice:', invoice_id)
    FROM ${cx}.invoice
    WHERE issued_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        paid_at,
        account_id,
        'billing',
        'payment',
        concat('Paid ', printf('%.2f', amount_micros / 1000000), ' ', currency, ' for invoice ', invoice_id),
        invoice_id,
        concat('invoice:', invoice_id)
    FROM ${cx}.payment
    WHERE is_test = 0
    UNION ALL
    SELECT
        at,
        account_id,
        'billing',
        'payment_failed',
        concat(
            'Payment ', toString(attempt_no), ' of invoice ', invoice_id, ' failed',
            if(failure_code = '', '', concat(': ', failure_code))
        ),
        invoice_id,
        concat('invoice:', invoice_id)
    FROM ${cx}.payment_attempt
    WHERE outcome = 'failed' AND is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(refunded_at),
        account_id,
        'billing',
        'refund',
        concat(
            'Refunded ', printf('%.2f', amount_micros / 1000000), ' ', currency,
            if(reason = '', '', concat(': ', lower(toString(reason))))
        ),
        refund_id,
        concat('refund:', refund_id)
    FROM ${cx}.refund
    WHERE status = 'refunded' AND refunded_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(opened_at),
        account_id,
        'billing',
        'dispute',
        concat(
            if(is_chargeback = 1, 'Charged back ', 'Disputed '), printf('%.2f', amount_micros / 1000000), ' ', currency,
            if(invoice_id = '', '', concat(' of invoice ', invoice_id))
        ),
        dispute_id,
        concat('dispute:', dispute_id)
    FROM ${cx}.dispute
    WHERE opened_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(closed_at),
        account_id,
        'billing',
        'dispute_closed',
        concat(
            if(is_chargeback = 1, 'The chargeback of ', 'The dispute over '), printf('%.2f', amount_micros / 1000000), ' ', currency,
            multiIf(
                status = 'won', ' was won', status = 'lost', ' was lost', status = 'withdrawn', ' was withdrawn',
                ' ended, nobody knows for whom'
            )
        ),
        dispute_id,
        concat('dispute:', dispute_id)
    FROM ${cx}.dispute
    WHERE opened_at IS NOT NULL AND closed_at IS NOT NULL AND is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(tupleElement(happened, 1)),
        account_id,
        'support',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        ticket_id,
        concat('ticket:', ticket_id)
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            arrayJoin([
                (
                    opened_at,
                    'ticket',
                    concat(
                        if(requester_id = '', 'Somebody', requester_id), ' opened ticket ', ticket_id, ' by ', toString(channel),
                        if(topic = '', '', concat(', about ', toString(topic)))
                    )
                ),
                (
                    first_reply_at,
                    'first_reply',
                    concat(
                        'First reply to ticket ', ticket_id,
                        if(first_reply_us IS NULL, '', concat(' after ', printf('%.1f', assumeNotNull(first_reply_us) / 3600000000), ' hours'))
                    )
                ),
                (
                    csat_rated_at,
                    'rating',
                    concat(
                        'Ticket ', ticket_id, ' was rated ', toString(ifNull(csat_score, 0)),
                        if(csat_scale_max IS NULL, '', concat(' of ', toString(assumeNotNull(csat_scale_max))))
                    )
                ),
                (
                    removed_at,
                    if(status IN ('merged', 'deleted', 'spam'), toString(status), 'removed'),
                    concat(
                        'Ticket ', ticket_id,
                        multiIf(
                            status = 'merged', concat(' was merged into ', merged_into),
                            status = 'spam', ' was marked as spam',
                            ' was deleted'
                        )
                    )
                )
            ]) AS happened
        FROM ${cx}.ticket
        WHERE opened_at IS NOT NULL AND is_test = 0
    )
    WHERE tupleElement(happened, 1) IS NOT NULL
    UNION ALL
    SELECT
        assumeNotNull(tupleElement(happened, 1)),
        account_id,
        'support',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        ticket_id,
        concat('ticket:', ticket_id)
    FROM
    (
        SELECT
            account_id,
            ticket_id,
            arrayJoin([
                (
                    toNullable(solved_at),
                    'solved',
                    concat('Ticket ', ticket_id, ' was solved', if(assignee_id = '', '', concat(' by ', assignee_id)))
                ),
                (
                    reopened_at,
                    'reopened',
                    concat('Ticket ', ticket_id, ' was opened again', if(reopened_by = '', '', concat(' by ', reopened_by)))
                )
            ]) AS happened
        FROM ${cx}.ticket_solve
        WHERE is_test = 0
    )
    WHERE tupleElement(happened, 1) IS NOT NULL
    UNION ALL
    SELECT
        at,
        account_id,
        'support',
        'escalation',
        concat(
            'Ticket ', ticket_id, ' was escalated', if(to_tier = '', '', concat(' to ', to_tier))
        ),
        ticket_id,
        concat('ticket:', ticket_id)
    FROM ${cx}.ticket_escalation
    WHERE is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(breached_at),
        account_id,
        'support',
        'target_missed',
        concat(
            'Ticket ', ticket_id, ' missed its target for ', replaceAll(toString(metric), '_', ' '), ' of ',
            printf('%.1f', target_us / 3600000000), if(is_business = 1, ' business hours', ' hours')
        ),
        ticket_id,
        concat('ticket:', ticket_id)
    FROM ${cx}.sla_instance
    WHERE breached_at IS NOT NULL AND state != 'cancelled' AND is_test = 0
    UNION ALL
    SELECT
        at,
        account_id,
        'relationship',
        'touch',
        concat(
            if(manager_id = '', 'Somebody', manager_id),
            multiIf(direction = 'inbound', ' heard from ', direction = 'outbound', ' turned to ', ' talked to '),
            if(contact_id = '', 'the customer', contact_id), ', ', toString(kind),
            if(duration_s IS NULL, '', concat(' of ', toString(intDiv(assumeNotNull(duration_s) + 59, 60)), ' minutes'))
        ),
        touch_id,
        concat('touch:', touch_id)
    FROM ${cx}.touch
    WHERE is_test = 0
    UNION ALL
    SELECT
        assumeNotNull(tupleElement(happened, 1)),
        account_id,
        'contract',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        contract_id,
        concat('contract:', contract_id)
    FROM
    (
        SELECT
            account_id,
            contract_id,
            arrayJoin([
                (
                    toNullable(starts_at),
                    if(term_no = 1, 'contract', 'term'),
                    concat('Contract ', contract_id, if(term_no = 1, ' began', ' went on'), amount)
                ),
                (
                    decided_at,
                    toString(status),
                    concat(
                        'Contract ', contract_id,
                        multiIf(
                            status = 'lost', ' was not renewed',
                            status = 'renewed_auto', ' renewed itself',
                            status = 'upsold', ' was renewed for more',
                            status = 'downsold', ' was renewed for less',
                            ' was renewed'
                        )
                    )
                ),
                (if(status = 'overdue', toNullable(due_at), NULL), 'overdue', concat('Contract ', contract_id, ' was due and is not decided'))
            ]) AS happened
        FROM
        (
            SELECT *, concat(', ', toString(toDecimal64(target_micros / 1000000, 2)), ' ', toString(currency), ' a year') AS amount
            FROM ${cx}.renewal
            WHERE is_test = 0
        )
    )
    WHERE tupleElement(happened, 1) <= ${now}
    UNION ALL
    SELECT
        tupleElement(happened, 1),
        account_id,
        'relationship',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        survivor_id,
        concat('account_merge:', account_id)
    FROM
    (
        SELECT
            account_id,
            survivor_id,
            arrayJoin([
                (from_at, 'counted_as', concat('The account counts as ', survivor_id, ' from then on')),
                (until_at, 'counted_alone', concat('The account no longer counts as ', survivor_id))
            ]) AS happened
        FROM ${cx}.account_merge_step
    )
    WHERE tupleElement(happened, 1) <= ${now}
    UNION ALL
    SELECT
        asked_at,
        account_id,
        'relationship',
        'request',
        concat(if(contact_id = '', 'Somebody', contact_id), ' asked for ', item_id, if(has_quote = 1, ', in words that are kept', '')),
        link_id,
        concat('feedback_link:', link_id)
    FROM ${cx}.feedback_link
    WHERE is_test = 0
    UNION ALL
    SELECT
        at,
        account_id,
        'relationship',
        'told',
        concat(
            if(contact_id = '', 'Somebody', contact_id), ' was told that ', item_id, ' is ',
            if(state = 'in_progress', 'in progress', toString(state))
        ),
        notice_id,
        concat('feedback_notice:', notice_id)
    FROM ${cx}.feedback_notice
    WHERE is_test = 0
    UNION ALL
    SELECT
        tupleElement(happened, 1),
        account_id,
        'relationship',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        sentiment_id,
        concat('manager_sentiment:', sentiment_id)
    FROM
    (
        SELECT
            account_id,
            sentiment_id,
            ended_by,
            arrayJoin([
                (
                    from_at,
                    'sentiment',
                    concat(
                        manager_id, ' called the relationship ',
                        transform(sentiment, [-2, -1, 1, 2], ['very bad', 'bad', 'good', 'very good'], 'neither good nor bad'),
                        if(has_note = 1, ', in words that are kept', '')
                    )
                ),
                (
                    until_at,
                    'sentiment_ended',
                    concat(
                        'What ', manager_id, ' said of the relationship holds no more: ',
                        multiIf(
                            ended_by = 'expired', 'it is out of date',
                            new_owner = '', 'nobody owns the account',
                            concat(new_owner, ' took over')
                        )
                    )
                )
            ]) AS happened
        FROM ${cx}.sentiment_span
    )
    WHERE tupleElement(happened, 1) <= ${now} AND (tupleElement(happened, 2) = 'sentiment' OR ended_by != 'replaced')
    UNION ALL
    SELECT
        measured_at,
        account_id,
        'relationship',
        'limit_reached',
        concat('Use of ', meter, ' reached its limit: ', toString(value), ' of ', toString(assumeNotNull(most))),
        meter,
        ''
    FROM
    (
        SELECT
            account_id,
            toString(_u.meter) AS meter,
            measured_at,
            value,
            most,
            toUInt8(value > 0 AND ifNull(value >= most, 0)) AS is_used_up,
            lagInFrame(is_used_up) OVER (
                PARTITION BY account_id, meter ORDER BY measured_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was_used_up
        FROM ${cx}.usage_report AS _u
        WHERE is_test = 0
    )
    WHERE is_used_up = 1 AND was_used_up = 0 AND measured_at <= ${now}
    UNION ALL
    SELECT
        assumeNotNull(tupleElement(happened, 1)),
        account_id,
        'onboarding',
        tupleElement(happened, 2),
        tupleElement(happened, 3),
        onboarding_id,
        concat('onboarding:', onboarding_id)
    FROM
    (
        SELECT
            account_id,
            onboarding_id,
            arrayJoin([
                (starts_at, 'onboarding', concat('Onboarding ', onboarding_id, ' began')),
                (stalled_at, 'stalled', concat('Onboarding ', onboarding_id, ' was stalled')),
                (completed_at, 'completed', concat('Onboarding ', onboarding_id, ' was completed'))
            ]) AS happened
        FROM ${cx}.onboarding
        WHERE is_test = 0
        UNION ALL
        SELECT
            account_id,
            onboarding_id,
            (
                reached_at,
                if(is_first_value = 1, 'first_value', 'milestone'),
                concat(
                    'Onboarding ', onboarding_id, ' reached ', milestone_code,
                    if(is_first_value = 1, ', its first value', ''), if(state = 'late', ', late', '')
                )
            ) AS happened
        FROM ${cx}.onboarding_milestone
        WHERE is_test = 0
    )
    WHERE tupleElement(happened, 1) <= ${now}
    UNION ALL
    SELECT
        valid_from,
        account_id,
        'relationship',
        'owner',
        concat(slice, ' took charge of the account'),
        slice,
        ''
    FROM ${cx}.owner_history
    UNION ALL
    SELECT
        at,
        account_id,
        'health',
        'band',
        concat(
            'Health by ', model_id, ' went ', if(was = '', '', concat('from ', was, ' ')), 'to ', band,
            if(score IS NULL, '', concat(', ', toString(round(assumeNotNull(score), 1)), ' of 100'))
        ),
        model_id,
        if(event_id = '', '', concat(changed_by, ':', member))
    FROM
    (
        SELECT
            *,
            lagInFrame(toString(band), 1, '') OVER (
                PARTITION BY account_id, model_id ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was
        FROM ${cx}.account_health AS _h
        WHERE is_known = 0 AND at <= ${now}
    )
    WHERE band != was AND NOT (was = '' AND band = 'unknown')
    UNION ALL
    SELECT
        set_at,
        account_id,
        'health',
        'override',
        concat(
            set_by,
            multiIf(
                band != '', concat(' called the health ', band),
                score IS NOT NULL, concat(' gave the health ', toString(assumeNotNull(score)), ' of 100'),
                ' took back what was said of the health'
            ),
            if(model_id = '', '', concat(' by ', model_id)),
            if(expires_at IS NULL, '', concat(', until ', toString(toDate(least(assumeNotNull(expires_at), ${end_of_days}), '${zone}'))))
        ),
        override_id,
        concat('health_override:', override_id)
    FROM ${cx}.health_override
    WHERE is_test = 0 AND set_at <= ${now}
    UNION ALL
    SELECT
        tupleElement(turn, 1),
        account_id,
        'health',
        tupleElement(turn, 2),
        tupleElement(turn, 3),
        rule_id,
        ''
    FROM
    (
        SELECT
            account_id,
            rule_id,
            arrayJoin(arrayFilter(
                each -> isNotNull(tupleElement(each, 1)),
                [
                    (toNullable(since), 'risk', concat('Risk ', rule_id, if(since = opened_at, ' began, ', ' began again, '), severity)),
                    (closed_at, 'risk_ended', concat('Risk ', rule_id, ' ended: ', replaceAll(reason, '_', ' ')))
                ]
            )) AS happened,
            (assumeNotNull(tupleElement(happened, 1)), tupleElement(happened, 2), tupleElement(happened, 3)) AS turn
        FROM ${cx}.risk_episode
        WHERE is_known = 0 AND noticed_at <= ${now} AND reason NOT IN ('retracted', 'renamed')
    )
    WHERE tupleElement(turn, 1) <= ${now}
) AS _t
ASOF LEFT JOIN ${cx}.owner_history AS _o ON _t.account_id = _o.account_id AND _t.at >= _o.valid_from
ORDER BY at DESC, area, kind, subject_id
