/*
comment: >-
  Judgements of managers on the relationship with accounts, and how long each holds: until the next one, until somebody else takes
  over the account, or for sentiment_validity_days (90)
columns:
  account_id: Account
  sentiment_id: Judgement
  manager_id: Our person whose judgement it is
  sentiment: -2 (very bad), -1, 0 (neither), 1 or 2 (very good)
  has_note: 1 when words about it are kept at the source
  from_at: When the manager judged, and from when it holds, UTC
  until_at: Until when it holds, UTC, exclusive; that may be to come
  ended_by: >-
    What ends it, or ended it: replaced (by the next judgement), handover (somebody else than who judged took over the account, or
    nobody did) or expired; of several at one moment the first of these
  is_current: 1 while it holds
  new_owner: Manager who took over with the handover that ends it; empty where nobody did, and where another cause ends it
  policy_version: Version of the policy that says how long it holds at most; empty for the default of 90 days
  entity: Entity whose events make it, kind:id, as the event table names them
*/
SELECT
    account_id,
    sentiment_id,
    manager_id,
    sentiment,
    has_note,
    set_at AS from_at,
    least(replaced_at, handed_at, expires_at) AS until_at,
    multiIf(until_at = replaced_at, 'replaced', until_at = handed_at, 'handover', 'expired') AS ended_by,
    toUInt8(from_at <= ${now} AND ${now} < until_at) AS is_current,
    if(ended_by = 'handover', tupleElement(handover, 2), '') AS new_owner,
    policy_version,
    concat('manager_sentiment:', sentiment_id) AS entity
FROM
(
    SELECT
        _s.account_id AS account_id,
        _s.sentiment_id AS sentiment_id,
        _s.manager_id AS manager_id,
        _s.sentiment AS sentiment,
        _s.has_note AS has_note,
        _s.set_at AS set_at,
        _s.replaced_at AS replaced_at,
        _s.set_at + toIntervalDay(_v.days) AS expires_at,
        _v.policy_version AS policy_version,
        arrayFirst(
            each -> tupleElement(each, 1) > _s.set_at AND tupleElement(each, 2) != _s.manager_id,
            arrayPushBack(
                arrayFilter(
                    (each, place) -> tupleElement(each, 2) != tupleElement(_a.owners[place - 1], 2),
                    _a.owners,
                    arrayEnumerate(_a.owners)
                ),
                (toDateTime64('2299-01-01 00:00:00', 6, 'UTC'), '')
            )
        ) AS handover,
        tupleElement(handover, 1) AS handed_at
    FROM
    (
        SELECT
            *,
            'sentiment_validity_days' AS policy,
            leadInFrame(set_at, 1, toDateTime64('2299-01-01 00:00:00', 6, 'UTC')) OVER (
                PARTITION BY account_id
                ORDER BY set_at, ingested_at, sentiment_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS replaced_at
        FROM ${cx}.manager_sentiment
        WHERE is_test = 0
    ) AS _s
    ASOF LEFT JOIN ${cx}.sentiment_validity AS _v ON _s.policy = _v.policy AND _s.set_at >= _v.valid_from
    LEFT JOIN (SELECT account_id, owners FROM ${cx}.account_slice) AS _a ON _s.account_id = _a.account_id
)
