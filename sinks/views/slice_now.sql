/*
comment: Who owns every account now, and its segment now; accounts that nobody told of are not listed
columns:
  account_id: Account
  owner: Manager who owns it now; empty when nobody does
  segment: Segment now; empty when not told
*/
SELECT
    account_id,
    tupleElement(arrayLast(each -> tupleElement(each, 1) <= ${now}, owners), 2) AS owner,
    tupleElement(arrayLast(each -> tupleElement(each, 1) <= ${now}, segments), 2) AS segment
FROM ${cx}.account_slice
