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
            _d.*,
            if(_o.valid_to IS NULL OR _d.decision_at < _o.valid_to, (_o.slice, _o.pod_id, _o.lead_id), ('', '', '')) AS decider,
            tupleElement(due_owner, 1) AS due_manager,
            tupleElement(decider, 1) AS decision_manager,
            arrayJoin(arrayFilter(
                each -> tupleElement(each, 1) = 'due_date' OR _d.is_decided = 1,
                [
                    (
                        'due_date', _d.due_at, tupleElement(due_owner, 1), tupleElement(due_owner, 2), tupleElement(due_owner, 3)
                    ),
                    (
                        'decision_date', _d.decision_at, tupleElement(decider, 1), tupleElement(decider, 2), tupleElement(decider, 3)
                    )
                ]
            )) AS credited
        FROM
        (
            SELECT
                _r.account_id AS account_id,
                _r.currency AS currency,
                _r.is_decided AS is_decided,
                _r.is_kept AS is_kept,
                _r.is_handed_over AS is_handed_over,
                _r.value_before AS before_value,
                _r.value_after AS after_value,
                _r.due_at AS due_at,
                ifNull(_r.decided_at, _r.due_at) AS decision_at,
                if(_p.valid_to IS NULL OR _r.due_at < _p.valid_to, (_p.slice, _p.pod_id, _p.lead_id), ('', '', '')) AS due_owner
            FROM (SELECT * FROM ${cx}.renewal_course WHERE status != 'unknown') AS _r
            ASOF LEFT JOIN ${cx}.owner_history AS _p ON _r.account_id = _p.account_id AND _r.due_at >= _p.valid_from
        ) AS _d
        ASOF LEFT JOIN ${cx}.owner_history AS _o ON _d.account_id = _o.account_id AND _d.decision_at >= _o.valid_from
    )
)
WHERE day <= toDate(${now}, '${zone}')
GROUP BY grain, window_start, credit, dimension, dimension_value, currency
