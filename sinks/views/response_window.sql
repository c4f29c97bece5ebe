/*
comment: Response windows in force over time
columns:
  policy: response_window_days
  valid_from: From when the window holds, UTC
  days: Days that an invitation sent from then on may be answered in
  policy_version: Version of the policy; empty for the default
*/
SELECT 'response_window_days' AS policy, valid_from, least(toUInt32(value), 36500) AS days, toString(policy_version) AS policy_version
FROM ${cx}.policy AS _p
WHERE _p.policy = 'response_window_days'
UNION ALL
SELECT 'response_window_days', toDateTime64(0, 6, 'UTC'), toUInt32(${response_window_days}), ''
