SELECT *, 'account' AS dimension, account_id AS dimension_value, 0 AS grain, 0 AS window_start
FROM ${facts}
