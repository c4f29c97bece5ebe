/*
comment: How far the tables are; figures include what Kafka had stored by then
columns:
  as_of: Newest record time (ingested_at) among the rows, UTC
*/
SELECT max(newest) AS as_of
FROM
(
    SELECT max(ingested_at) AS newest FROM ${cx}.response
    UNION ALL SELECT max(ingested_at) FROM ${cx}.account_history
    UNION ALL SELECT max(ingested_at) FROM ${cx}.subscription
    UNION ALL SELECT max(ingested_at) FROM ${cx}.invoice
    UNION ALL SELECT max(ingested_at) FROM ${cx}.dead_letter
    UNION ALL SELECT max(ingested_at) FROM ${cx}.receipt
    UNION ALL SELECT max(ingested_at) FROM ${cx}.payment_return
    UNION ALL SELECT max(ingested_at) FROM ${cx}.refund
    UNION ALL SELECT max(ingested_at) FROM ${cx}.dispute
    UNION ALL SELECT max(ingested_at) FROM ${cx}.payout
    UNION ALL SELECT max(ingested_at) FROM ${cx}.ticket
    UNION ALL SELECT max(ingested_at) FROM ${cx}.contract
    UNION ALL SELECT max(ingested_at) FROM ${cx}.onboarding
)
