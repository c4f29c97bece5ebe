/*
comment: Records that could not be taken in and that nobody has redriven or discarded; empty when all are dealt with
columns:
  topic: Topic that the record was read from
  partition: Partition that the record was read from
  offset: Offset of the record in its partition
  account_key: Kafka key of the record as text, undecodable bytes replaced
  reason: Reason code of the refusal
  detail: What exactly was wrong
  ingested_at: When Kafka stored the record, UTC (record time)
  size_bytes: Length of the record's value in bytes
  source: System and instance that sent the event; empty where its bytes do not say it
  event_type: Type of the event; empty where its schema is not known
  event_id: Id that its source gave the event; empty where its bytes do not say it
*/
SELECT topic, partition, offset, account_key, reason, detail, ingested_at, size_bytes, source, event_type, event_id
FROM ${cx}.dead_letter
WHERE (topic, partition, offset) NOT IN
(
    -- The same actions end being open in dead_letter_state; who did them and when costs several times as much to find.
    SELECT _w.topic, _w.partition, _w.offset
    FROM ${meta}.dead_letter_action AS _w
    WHERE _w.action IN ('redriven', 'discarded')
)
