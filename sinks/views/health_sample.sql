/*
comment: >-
  Accounts whose health is compared with their tables at present: those that facts have changed last, and a share of all that moves on
  every ten minutes, so that each has its turn. None where no account stage runs, and none that is put aside
columns:
  account_id: Account
*/
SELECT account_id
FROM
(
    SELECT account_id
    FROM
    (
        SELECT account_id, at FROM ${cx}.account_now WHERE at <= ${now} ORDER BY at DESC, account_id LIMIT 16
    )
    UNION DISTINCT
    SELECT account_id
    FROM
    (
        SELECT account_id FROM ${cx}.account_now
        UNION DISTINCT
        SELECT account_id FROM ${cx}.account_history WHERE is_test = 0 AND valid_from < ${now} - INTERVAL 2 DAY
    )
    WHERE cityHash64(account_id) % greatest(1, intDiv((SELECT count() FROM ${cx}.account_now), 16))
        = intDiv(toUnixTimestamp(${now}), 600) % greatest(1, intDiv((SELECT count() FROM ${cx}.account_now), 16))
)
WHERE (SELECT count() FROM ${cx}.account_now) > 0
    AND account_id NOT IN (SELECT account_id FROM ${cx}.account_aside)
    AND account_id NOT IN (SELECT account_id FROM ${cx}.failed_deadline)
