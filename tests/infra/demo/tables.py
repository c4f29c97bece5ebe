"""The demonstration run through partitions in memory: the tables that its events leave behind."""

from collections import defaultdict
from functools import cache

import msgspec

from infra.demo import plan
from infra.demo.plan import Message
from schemas.codec import Codec
from schemas.topics import load_topics
from sinks.memory import MemorySink
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

_STORED_MS = 1_790_000_000_000


class _Record(msgspec.Struct):
    at: int
    message: Message

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes | None:
        return self.message.key

    def value(self) -> bytes:
        return self.message.value

    def timestamp(self) -> tuple[int, int]:
        return 2, _STORED_MS

    def headers(self) -> None:
        return None


MESSAGES = plan.messages(Codec().encode)


@cache
def demonstration() -> tuple[MemorySink, list[str], int]:
    return processed(MESSAGES)


def processed(messages: list[Message]) -> tuple[MemorySink, list[str], int]:
    """Run the records through one partition per topic; returns the tables, the faults found and the duplicates."""
    codec, sink, faults, duplicates = Codec(), MemorySink(), [], 0
    topics: dict[str, list[_Record]] = defaultdict(list)
    for message in messages:
        topics[message.topic].append(_Record(len(topics[message.topic]), message))
    for topic, records in topics.items():
        types = frozenset(load_topics()[topic].event_types)
        partition = Partition(f"cx.{topic}", 0, MemoryStore(), codec=codec, rules=Rules(), types=types)
        batch = partition.process(records)
        assert batch.records == len(records)
        sink.insert(batch.rows)
        faults += [records[letter.offset].message.fault for letter in batch.dead]
        duplicates += batch.duplicates
    return sink, faults, duplicates
