"""Records that a worker of another version refused, as it left them: in their topic, as letters, as rows."""

from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from infra import local, wiring
from infra.settings import Settings
from schemas.envelope import Envelope
from sinks.letters import At
from streams.live.fold.batch import Batch, DeadLetter
from streams.live.fold.dead_letters import headers
from streams.live.fold.output_rows import refuse
from streams.replay.letters import Headers
from tests.support.records import Record

REASON = "malformed"


class Seeds:
    """Lays letters out in one deployment. `at_ms` of what it writes is the broker's own time."""

    def __init__(self, here: Settings) -> None:
        local.prepare(here)
        self.here = here
        self._producer = Producer({"bootstrap.servers": here.kafka_bootstrap, "message.max.bytes": 9 << 20})

    def store(
        self,
        value: bytes | None,
        key: bytes | None = b"acme",
        carried: Headers | None = None,
        topic: str = "survey",
        number: int = 0,
    ) -> At:
        """Store a record in a partition, where acme belongs if none is named, and return its place."""
        placed: list[int] = []
        self._producer.produce(
            self.here.topic_prefix + topic,
            value,
            key,
            number,
            lambda error, message: placed.append(-1 if error else message.offset()),
            headers=carried or [],
        )
        self._producer.flush(60)
        assert placed[0] >= 0
        return At(self.here.topic_prefix + topic, number, placed[0])

    def letter(
        self,
        value: bytes | None,
        key: bytes | None = b"acme",
        *,
        reason: str = REASON,
        detail: str = "it broke",
        carried: Headers | None = None,
        topic: str = "survey",
        number: int = 0,
        source: str = "",
    ) -> At:
        """Store a record and refuse it, as the partition of a worker does."""
        at = self.store(value, key, carried, topic, number)
        stored = Record(at.offset, key, value, self.records(at.topic, at.offset, number)[0].timestamp()[1])
        batch = Batch(topic=at.topic, partition=number)
        refuse(batch, stored, (reason, detail), 1 << 40, Envelope(source=source))
        (dead,) = batch.dead
        letter = DeadLetter(*(getattr(dead, name) for name in dead.__struct_fields__[:6]), carried, reason, detail)
        dead_letters = f"{self.here.topic_prefix}dead-letters"
        self._producer.produce(dead_letters, value, key, headers=headers(letter, wiring.clock()))
        self._producer.flush(60)
        sink = wiring.sink(self.here)
        sink.insert(batch.rows)
        sink.close()
        return at

    def records(self, topic: str, start: int = 0, number: int = 0) -> list[Any]:
        """Read all records of a partition from an offset on, with no help of the product's."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.here.kafka_bootstrap,
                "group.id": "seeds",
                "enable.auto.commit": False,
                "fetch.message.max.bytes": 9 << 20,
            }
        )
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
        consumer.assign([TopicPartition(topic, number, start)])
        found: list[Any] = []
        while start + len(found) < end:
            record = consumer.poll(30)
            assert record is not None
            assert record.error() is None
            found.append(record)
        consumer.close()
        return found

    def sent(self, start: int = 0, number: int = 0) -> list[tuple[str, bytes | None, bytes | None]]:
        """Return the place that each redriven record names, with its key and value, in the order of the log."""
        marked = []
        for record in self.records(f"{self.here.topic_prefix}survey", start, number):
            whence = dict(record.headers() or ()).get("cx-redriven-from")
            if whence is not None:
                marked.append((whence.decode(), record.key(), record.value()))
        return marked
