/*
comment: Every record that could not be taken in, and what became of it; its bytes are read with cx dead-letters show
columns:
  topic: Topic that the record was read from
  partition: Partition that the record was read from
  offset: Offset of the record in its partition
  account_key: Kafka key of the record as text, undecodable bytes replaced
  reason: Reason code of the refusal
  detail: What exactly was wrong
  ingested_at: When Kafka stored the record, UTC (record time)
  size_bytes: Length of the record's value in bytes
  status: open, redriven (sent again) or discarded
  decided_at: When it was redriven or discarded, UTC; NULL while open
  decided_by: Who did it, user@host; empty while open
  why: Why it was discarded; empty otherwise
  redriven_to: Offset of the copy that was sent again, in the same partition; NULL unless redriven
*/
SELECT
    d.topic AS topic,
    d.partition AS partition,
    d.offset AS offset,
    d.account_key AS account_key,
    d.reason AS reason,
    d.detail AS detail,
    d.ingested_at AS ingested_at,
    d.size_bytes AS size_bytes,
    if(a.action = '', 'open', a.action) AS status,
    if(a.action = '', NULL, a.done_at) AS decided_at,
    a.actor AS decided_by,
    a.why AS why,
    if(a.action = 'redriven', a.log_offset, NULL) AS redriven_to
FROM ${cx}.dead_letter AS d
LEFT JOIN
(
    -- A letter that was sent again after all is redriven, whatever was said of it before.
    SELECT
        topic,
        partition,
        offset,
        toString(argMax(w.action, (w.action = 'redriven', w.at))) AS action,
        argMax(w.at, (w.action = 'redriven', w.at)) AS done_at,
        argMax(w.actor, (w.action = 'redriven', w.at)) AS actor,
        argMax(w.why, (w.action = 'redriven', w.at)) AS why,
        argMax(w.log_offset, (w.action = 'redriven', w.at)) AS log_offset
    FROM ${meta}.dead_letter_action AS w
    WHERE w.action IN ('redriven', 'discarded')
    GROUP BY topic, partition, offset
) AS a ON d.topic = a.topic AND d.partition = a.partition AND d.offset = a.offset
