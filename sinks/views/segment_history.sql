/*
comment: Segments of every account over time, one row per account and moment of change, for joins as of an event
columns:
  account_id: Account
  valid_from: From when the segment holds, UTC
  valid_to: Always NULL, a segment holds until the next row
  slice: Segment
*/
SELECT
    account_id,
    valid_from,
    CAST(NULL, 'Nullable(DateTime64(6, \'UTC\'))') AS valid_to,
    CAST(argMax(segment, event_id), 'String') AS slice
FROM ${cx}.account_history
WHERE is_test = 0
GROUP BY account_id, valid_from
