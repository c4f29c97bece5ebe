/*
comment: >-
  Accounts of events that nobody has told of, by account_upserted or by linking a name to it: what was sent of them before. Their
  events count under that key until it is linked, and with the account from then on; without test data and settings
columns:
  account_id: Key that the events stand under; system and name joined by a colon where the account was not known
  state: >-
    waiting while nobody has told of it; linked where it counts as an account since; name_of_two_accounts where which one it is,
    nobody can tell
  survivor_id: Account that it counts as; empty while it waits
  events: Events under that key
  topics: Topics that they stand in
  first_at: When the first of them happened, UTC
  last_at: When the last of them happened, UTC
  ingested_at: When Kafka stored the newest of them, UTC
  linked_at: When it was linked, UTC; NULL while it waits
  event_id: Event that linked it; empty while it waits
*/
SELECT
    _e.account_id AS account_id,
    multiIf(_n.owners > 1, 'name_of_two_accounts', _n.owners = 1, 'linked', 'waiting') AS state,
    if(_n.owners = 1, _n.account, '') AS survivor_id,
    toInt64(_e.events) AS events,
    arraySort(_e.topics) AS topics,
    _e.first_at AS first_at,
    _e.last_at AS last_at,
    _e.ingested_at AS ingested_at,
    if(_n.owners = 1, toNullable(_n.since), NULL) AS linked_at,
    if(_n.owners = 1, _n.cause, '') AS event_id
FROM
(
    SELECT
        _v.account_id AS account_id,
        count() AS events,
        groupUniqArray(toString(topic)) AS topics,
        min(occurred_at) AS first_at,
        max(occurred_at) AS last_at,
        max(_v.ingested_at) AS ingested_at
    FROM ${cx}.event AS _v
    WHERE is_test = 0
        AND NOT endsWith(toString(topic), '.config')
        -- Items stand under the company's own account, which is no customer.
        AND NOT startsWith(entity, 'feedback_item:')
        AND _v.account_id NOT IN (SELECT account_id FROM ${cx}.account_history WHERE is_test = 0)
        AND _v.account_id NOT IN
        (
            SELECT account_id
            FROM ${cx}.account_reference
            WHERE is_test = 0 AND linked_at IS NOT NULL AND unlinked_at IS NULL
                -- A payment that is a waiting customer's says nothing of who that customer is.
                AND NOT startsWith(account_id, concat(toString(system), ':'))
        )
    GROUP BY account_id
) AS _e
LEFT JOIN
(
    SELECT
        concat(toString(system), ':', external_name) AS name,
        count() AS owners,
        any(account_id) AS account,
        any(assumeNotNull(linked_at)) AS since,
        any(event_id) AS cause
    FROM ${cx}.personal_account_reference
    WHERE is_test = 0 AND linked_at IS NOT NULL AND unlinked_at IS NULL
    GROUP BY name
) AS _n ON _e.account_id = _n.name
