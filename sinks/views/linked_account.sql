/*
comment: >-
  Keys of events whose account was not known when they were sent, system and name joined by a colon, that were linked to an
  account since: they count as it, on all days. A name that two accounts have is nobody's, and one that was taken away waits again
columns:
  account_id: Key that the events stand under
  survivor_id: Account that it is a name of
  linked_at: When it was linked, UTC
  event_id: Event that linked it
*/
SELECT _n.name AS account_id, _n.account AS survivor_id, _n.since AS linked_at, _n.cause AS event_id
FROM
(
    SELECT
        concat(toString(system), ':', external_name) AS name,
        any(account_id) AS account,
        any(assumeNotNull(linked_at)) AS since,
        any(event_id) AS cause
    FROM ${cx}.personal_account_reference
    WHERE is_test = 0 AND linked_at IS NOT NULL AND unlinked_at IS NULL
    GROUP BY name
    HAVING count() = 1 AND name != account
) AS _n
INNER JOIN
(
    -- Of names only those are shown that events stand under as accounts.
    SELECT DISTINCT account_id
    FROM ${cx}.event
    WHERE is_test = 0
        AND account_id IN (SELECT concat(toString(system), ':', external_name) FROM ${cx}.personal_account_reference)
) AS _e ON _n.name = _e.account_id
WHERE _n.name NOT IN (SELECT account_id FROM ${cx}.account_history WHERE is_test = 0)
