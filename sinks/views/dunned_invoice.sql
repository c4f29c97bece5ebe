/*
comment: Invoices whose collection failed, with what ended dunning
columns:
  moment: When an attempt first failed, UTC; the cohort that it belongs to
  account_id: Account to be charged
  fact_id: Invoice
  outcomes: What ended dunning, or in_recovery; and an empty name that stands for all invoices
  is_immature: 1 while in recovery
  entities: Entities whose events make the fact, kind:id, as the event table names them
*/
SELECT
    moment,
    account_id,
    fact_id,
    [if(ended_by = '', 'in_recovery', ended_by), ''] AS outcomes,
    toUInt8(ended_by = '') AS is_immature,
    entities
FROM ${cx}.failed_invoice
