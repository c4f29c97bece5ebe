/*
comment: What of merges and names of accounts does not fit together, and has no effect; empty when all is well
columns:
  kind: >-
    merge_ring (its accounts stand for themselves); unmerge_after_later_merge (refused: undo the later merge first);
    unmerged_without_merge; merged_elsewhere (the newer merge stands); name_of_two_accounts (which of them it is, nobody can
    tell); name_unlinked_only
  account_id: Account
  subject_id: Account that it was merged into or was to leave, or the mark of the name
  other_id: The account that the survivor was merged into later, or the other one that has the name; empty otherwise
  moment: When it happened, UTC
  event_id: Event that told it
  other_event_id: Event of the later merge, or of the other link; empty otherwise
*/
SELECT
    'merge_ring' AS kind,
    account_id,
    survivor_id AS subject_id,
    '' AS other_id,
    from_at AS moment,
    '' AS event_id,
    '' AS other_event_id
FROM ${cx}.account_identity_span
WHERE problem = 'ring'
UNION ALL
SELECT 'unmerge_after_later_merge', _s.account_id, _s.survivor_id, _s.later_id, _m.until, _s.refused_by, _s.later_event_id
FROM (SELECT * FROM ${cx}.account_merge_step WHERE refused_by != '') AS _s
INNER JOIN
(
    SELECT account_id, ended_event_id, assumeNotNull(until_at) AS until FROM ${cx}.account_merge WHERE until_at IS NOT NULL
) AS _m ON _s.account_id = _m.account_id AND _s.refused_by = _m.ended_event_id
UNION ALL
SELECT arrayJoin(flags), account_id, survivor_id, '', ifNull(until_at, from_at), ended_event_id, ''
FROM ${cx}.account_merge
WHERE is_test = 0
UNION ALL
SELECT 'name_of_two_accounts', _a.account_id, _a.reference_id, _b.account_id, _a.since, _a.event_id, _b.event_id
FROM
(
    SELECT account_id, reference_id, assumeNotNull(linked_at) AS since, event_id
    FROM ${cx}.account_reference
    WHERE is_test = 0 AND linked_at IS NOT NULL AND unlinked_at IS NULL
) AS _a
INNER JOIN
(
    SELECT account_id, reference_id, event_id
    FROM ${cx}.account_reference
    WHERE is_test = 0 AND linked_at IS NOT NULL AND unlinked_at IS NULL
) AS _b ON _a.reference_id = _b.reference_id
WHERE _a.account_id != _b.account_id
UNION ALL
SELECT 'name_unlinked_only', account_id, reference_id, '', assumeNotNull(unlinked_at), event_id, ''
FROM ${cx}.account_reference
WHERE is_test = 0 AND linked_at IS NULL AND unlinked_at IS NOT NULL
