/*
comment: What each sender sent that could not be taken in, by reason; for the team that owns the sender
columns:
  source: System and instance that sent the events; empty where the bytes do not say it
  reason: Reason code of the refusal
  topic: Topic that the records stand in
  event_type: Type of the events; empty where their schema is not known
  rejected: Records that were refused
  open: Those that nobody has redriven or discarded
  redriven: Those that were sent again
  discarded: Those that were discarded
  accounts: Kafka keys among them
  first_at: When Kafka stored the oldest, UTC (record time)
  last_at: When Kafka stored the newest, UTC (record time)
  newest: The newest of them as cx dead-letters show takes it, topic-partition@offset
  newest_event_id: Id that its source gave the newest; empty where its bytes do not say it
*/
SELECT
    source,
    reason,
    topic,
    event_type,
    count() AS rejected,
    countIf(status = 'open') AS open,
    countIf(status = 'redriven') AS redriven,
    countIf(status = 'discarded') AS discarded,
    uniqExact(account_key) AS accounts,
    min(ingested_at) AS first_at,
    max(ingested_at) AS last_at,
    argMax(concat(topic, '-', toString(partition), '@', toString(offset)), (ingested_at, offset)) AS newest,
    argMax(event_id, (ingested_at, offset)) AS newest_event_id
FROM ${cx}.dead_letter_state
GROUP BY source, reason, topic, event_type
