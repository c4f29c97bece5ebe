/*
comment: Accounts of which every contract has ended, each with the one that ended last
columns:
  account_id: Account
  ended_at: When that one ended, or was due and not renewed, UTC
  contract_id: That contract
*/
SELECT
    account_id,
    max(end) AS ended_at,
    argMax(contract, (end, contract)) AS contract_id
FROM
(
    SELECT account_id, contract_id AS contract, max(due_at) AS end, argMax(status, term_no) = 'lost' AS is_ended
    FROM ${cx}.renewal
    WHERE is_test = 0
    GROUP BY account_id, contract_id
    HAVING argMax(successor_id, term_no) = '' OR is_ended
    UNION ALL
    SELECT account_id, contract_id, ifNull(ends_at, ${end_of_days}), 1
    FROM ${cx}.contract
    WHERE is_test = 0 AND term_no = 0 AND starts_at IS NOT NULL
)
GROUP BY account_id
HAVING min(is_ended) = 1 AND ended_at <= ${now}
