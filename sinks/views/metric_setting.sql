/*
comment: Settings that the views were made with
columns:
  name: Setting
  value: Its value
*/
SELECT tupleElement(row, 1) AS name, tupleElement(row, 2) AS value
FROM
(
    SELECT arrayJoin([
        ('time_zone', '${zone}'),
        ('week_mode', '${week_mode}'),
        ('response_window_days', '${response_window_days}'),
        ('low_sample', '${low_sample}'),
        ('reporting_currency', '${reporting_currency}'),
        ('portfolio_least', '${portfolio_least}'),
        ('portfolio_most', '${portfolio_most}')
    ]) AS row
)
