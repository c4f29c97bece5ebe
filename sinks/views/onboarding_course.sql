/*
comment: >-
  Onboardings that have started with what became of them: the first value, or the end of the account or its contract before that,
  or neither yet; without test data
columns:
  moment: When its clock started, UTC; the cohort that it belongs to
  account_id: Account
  fact_id: Onboarding
  start_kind: "What started the clock: contract, first_transaction, kickoff or unknown"
  product: Product that is introduced; empty when not told
  outcome: reached, churned (the account or its contract ended without a first value) or open
  days: Days on the clock, pauses left out, until the first value, the end, or now
  clock_days: Days on the clock until now, whatever has come of it
  is_completed: 1 when all milestones of its plan were reached
  is_stalled: 1 when a planned date has passed without its milestone
  is_within_90: 1 when the first value came within 90 days on the clock
  owner: Manager who owned the account when the clock started; empty when nobody did
  segment: Segment of the account then; empty when not told
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    _b.moment AS moment,
    _b.account_id AS account_id,
    _b.fact_id AS fact_id,
    _b.start_kind AS start_kind,
    _b.product AS product,
    _b.outcome AS outcome,
    _b.days AS days,
    _b.clock_days AS clock_days,
    _b.is_completed AS is_completed,
    _b.is_stalled AS is_stalled,
    _b.is_within_90 AS is_within_90,
    _b.owner AS owner,
    ifNull(_s.slice, '') AS segment,
    _b.entities AS entities
FROM
(
    SELECT _a.*, if(_o.valid_to IS NULL OR _a.moment < _o.valid_to, ifNull(_o.slice, ''), '') AS owner
    FROM
    (
        SELECT
            assumeNotNull(_n.starts_at) AS moment,
            _n.account_id AS account_id,
            _n.onboarding_id AS fact_id,
            toString(_n.start_kind) AS start_kind,
            toString(_n.product) AS product,
            arrayMin(arrayFilter(at -> at >= moment, _e.ends)) AS first_end,
            arrayExists(at -> at >= moment, _e.ends) AS has_ended,
            multiIf(_n.first_value_us IS NOT NULL, 'reached', has_ended, 'churned', 'open') AS outcome,
            greatest(
                toFloat64(dateDiff('microsecond', moment, ${now}) - _n.paused_us)
                - if(_n.paused_since IS NULL, 0, dateDiff('microsecond', assumeNotNull(_n.paused_since), ${now})),
                0
            ) / 86400000000 AS clock_days,
            multiIf(
                outcome = 'reached', toFloat64(assumeNotNull(_n.first_value_us)) / 86400000000,
                outcome = 'churned', least(toFloat64(dateDiff('microsecond', moment, first_end)) / 86400000000, clock_days),
                clock_days
            ) AS days,
            toUInt8(_n.completed_at IS NOT NULL) AS is_completed,
            toUInt8(_n.state = 'stalled') AS is_stalled,
            toUInt8(_n.within_90_days = 'met') AS is_within_90,
            arrayConcat([concat('onboarding:', _n.onboarding_id)], if(outcome = 'churned', _e.causes, [])) AS entities
        FROM
        (
            SELECT * FROM ${cx}.onboarding WHERE is_test = 0 AND starts_at IS NOT NULL AND starts_at <= ${now}
        ) AS _n
        LEFT JOIN
        (
            SELECT account_id, groupArray(at) AS ends, groupUniqArray(cause) AS causes
            FROM
            (
                SELECT account_id, at, concat('subscription:', subscription_id) AS cause
                FROM ${cx}.mrr_movement
                WHERE policy = 'cxledger' AND kind = 'churn' AND is_test = 0 AND at <= ${now}
                UNION ALL
                SELECT account_id, ended_at AS at, concat('contract:', contract_id) AS cause
                FROM ${cx}.lost_account
            )
            GROUP BY account_id
        ) AS _e ON _n.account_id = _e.account_id
    ) AS _a
    ASOF LEFT JOIN ${cx}.owner_history AS _o ON _a.account_id = _o.account_id AND _a.moment >= _o.valid_from
) AS _b
ASOF LEFT JOIN ${cx}.segment_history AS _s ON _b.account_id = _s.account_id AND _b.moment >= _s.valid_from
