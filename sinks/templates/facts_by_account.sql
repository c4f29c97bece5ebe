SELECT *, 'account' AS dimension, account_id AS dimension_value
FROM ${cx}.${facts_view}
${where}
