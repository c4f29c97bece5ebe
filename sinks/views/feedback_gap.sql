/*
comment: What of feedback items does not fit together or waits for something that nobody has told; empty when all is well
columns:
  kind: >-
    link_to_unknown_item, notice_of_unknown_item (wait, and count nowhere); link_to_unknown_response,
    link_to_unknown_ticket (count, as the account is known); item_not_opened (waits); merge_into_unknown_item, merge_ring
    (such items stand for themselves); told_before_outcome, told_without_asking (tell nobody); item_under_two_accounts (the one
    opened first counts); merged_after_shipped, state_after_merge, state_went_back
  account_id: Account
  subject_id: Request, notice or item
  missing_id: Item, response, ticket or other account that it is about; empty where it is about itself
  moment: When it happened, UTC
  event_id: Event that told it
*/
SELECT
    'link_to_unknown_item' AS kind,
    account_id,
    link_id AS subject_id,
    item_id AS missing_id,
    toNullable(linked_at) AS moment,
    event_id
FROM ${cx}.feedback_link
WHERE is_test = 0 AND item_id NOT IN (SELECT item_id FROM ${cx}.feedback_item WHERE opened_at IS NOT NULL)
UNION ALL
SELECT 'notice_of_unknown_item', account_id, notice_id, item_id, toNullable(at), event_id
FROM ${cx}.feedback_notice
WHERE is_test = 0 AND item_id NOT IN (SELECT item_id FROM ${cx}.feedback_item WHERE opened_at IS NOT NULL)
UNION ALL
SELECT 'link_to_unknown_response', account_id, link_id, response_id, toNullable(linked_at), event_id
FROM ${cx}.feedback_link
WHERE is_test = 0 AND response_id != ''
    AND (account_id, response_id) NOT IN (SELECT account_id, response_id FROM ${cx}.response WHERE submitted_at IS NOT NULL)
UNION ALL
SELECT 'link_to_unknown_ticket', account_id, link_id, ticket_id, toNullable(linked_at), event_id
FROM ${cx}.feedback_link
WHERE is_test = 0 AND ticket_id != ''
    AND (account_id, ticket_id) NOT IN (SELECT account_id, ticket_id FROM ${cx}.ticket WHERE opened_at IS NOT NULL)
UNION ALL
SELECT 'item_not_opened', home_account_id, item_id, '', state_since, event_id
FROM ${cx}.known_feedback_item
WHERE opened_at IS NULL
UNION ALL
SELECT
    if(_m.problem = 'ring', 'merge_ring', 'merge_into_unknown_item'),
    _i.home_account_id,
    _i.item_id,
    _i.merged_into,
    _i.merged_at,
    _i.event_id
FROM ${cx}.known_feedback_item AS _i
INNER JOIN (SELECT item_id, problem FROM ${cx}.feedback_survivor WHERE problem != '') AS _m ON _i.item_id = _m.item_id
UNION ALL
SELECT 'told_before_outcome', account_id, item_id, '', closed_at, ''
FROM ${cx}.feedback_reporter
WHERE told_too_early > 0
UNION ALL
SELECT 'told_without_asking', _n.account_id, _n.notice_id, _m.survivor_id, toNullable(_n.at), _n.event_id
FROM (SELECT * FROM ${cx}.feedback_notice WHERE is_test = 0) AS _n
INNER JOIN (SELECT item_id, survivor_id FROM ${cx}.feedback_survivor) AS _m ON _n.item_id = _m.item_id
LEFT JOIN ${cx}.account_identity AS _w ON _n.account_id = _w.account_id
WHERE (_m.survivor_id, if(_w.survivor_id = '', _n.account_id, _w.survivor_id)) NOT IN (SELECT item_id, account_id FROM ${cx}.feedback_reporter)
    AND _n.item_id IN (SELECT item_id FROM ${cx}.feedback_item WHERE opened_at IS NOT NULL)
UNION ALL
SELECT 'item_under_two_accounts', _i.account_id, _i.item_id, _k.home_account_id, _i.opened_at, _i.event_id
FROM (SELECT * FROM ${cx}.feedback_item WHERE is_test = 0) AS _i
INNER JOIN (SELECT item_id, home_account_id FROM ${cx}.known_feedback_item) AS _k ON _i.item_id = _k.item_id
WHERE _i.account_id != _k.home_account_id
UNION ALL
SELECT arrayJoin(flags) AS flag, account_id, item_id, merged_into, ifNull(merged_at, state_since), event_id
FROM ${cx}.feedback_item
WHERE is_test = 0 AND flag != 'not_opened'
