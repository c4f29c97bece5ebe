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
  source: System and instance that sent the event; empty where its bytes do not say it
  event_type: Type of the event; empty where its schema is not known
  event_id: Id that its source gave the event; empty where its bytes do not say it
  status: open, redriven (sent again) or discarded
  decided_at: When it was redriven or discarded, UTC; NULL while open
  decided_by: Who did it, user@host; empty while open
  why: Why it was discarded; empty otherwise
  redriven_to: Offset of the copy that was sent again, in the partition of its key; NULL unless redriven
*/
SELECT
    _d.topic AS topic,
    _d.partition AS partition,
    _d.offset AS offset,
    _d.account_key AS account_key,
    _d.reason AS reason,
    _d.detail AS detail,
    _d.ingested_at AS ingested_at,
    _d.size_bytes AS size_bytes,
    _d.source AS source,
    _d.event_type AS event_type,
    _d.event_id AS event_id,
    if(_a.action = '', 'open', _a.action) AS status,
    if(_a.action = '', NULL, _a.done_at) AS decided_at,
    _a.actor AS decided_by,
    _a.why AS why,
    if(_a.action = 'redriven', _a.log_offset, NULL) AS redriven_to
FROM ${cx}.dead_letter AS _d
LEFT JOIN
(
    -- A letter that was sent again after all is redriven, whatever was said of it before.
    SELECT
        topic,
        partition,
        offset,
        toString(argMax(_w.action, (_w.action = 'redriven', _w.at))) AS action,
        argMax(_w.at, (_w.action = 'redriven', _w.at)) AS done_at,
        argMax(_w.actor, (_w.action = 'redriven', _w.at)) AS actor,
        argMax(_w.why, (_w.action = 'redriven', _w.at)) AS why,
        argMax(_w.log_offset, (_w.action = 'redriven', _w.at)) AS log_offset
    FROM ${meta}.dead_letter_action AS _w
    WHERE _w.action IN ('redriven', 'discarded')
    GROUP BY topic, partition, offset
) AS _a ON _d.topic = _a.topic AND _d.partition = _a.partition AND _d.offset = _a.offset
