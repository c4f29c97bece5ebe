from collections import defaultdict
from functools import cache

import msgspec

from infra.demo import oracle, plan
from infra.demo.plan import Message
from schemas.codec import Codec
from schemas.topics import load_topics
from sinks.memory import MemorySink
from streams.core.rules import Rules
from streams.live.partition import Partition
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


_MESSAGES = plan.messages(Codec().encode)


@cache
def _demonstration() -> tuple[MemorySink, list[str], int]:
    return _processed(_MESSAGES)


def _processed(messages: list[Message]) -> tuple[MemorySink, list[str], int]:
    """Run the records through one partition per topic; returns the tables, the faults found and the duplicates."""
    codec, sink, faults, duplicates = Codec(), MemorySink(), [], 0
    topics: dict[str, list[_Record]] = defaultdict(list)
    for message in messages:
        topics[message.topic].append(_Record(len(topics[message.topic]), message))
    for topic, records in topics.items():
        types = frozenset(load_topics()[topic].event_types)
        partition = Partition(f"cx.{topic}", 0, MemoryStore(), codec=codec, rules=Rules(), types=types)
        batch = partition.process(records)
        sink.insert(batch.rows)
        faults += [records[letter.offset].message.fault for letter in batch.dead]
        duplicates += batch.duplicates
    return sink, faults, duplicates


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """The figures that `cx demo` checks and the ids that make a second run harmless both hang on it."""
    encode = Codec().encode
    assert plan.messages(encode) == _MESSAGES
    assert _MESSAGES[0] != plan.messages(encode, seed=1)[0]


def test_exactly_the_records_that_are_meant_to_be_bad_are_refused() -> None:
    """The demonstration promises a number of dead letters: each fault is found, and no good record is refused."""
    sink, faults, duplicates = _demonstration()
    assert (len(sink.tables()["event"]), duplicates, len(faults)) == plan.tally(_MESSAGES)
    assert sorted(faults) == sorted(message.fault for message in _MESSAGES if message.fault)
    assert len(set(faults)) == len(faults) == 11
    assert duplicates > 100


def test_the_oracle_and_the_reducers_agree_on_every_response() -> None:
    """Two independent readings of the same events: where they differ, one of them misreads the definitions."""
    rows = _demonstration()[0].tables()
    found = {
        (row[1], row[13])
        for row in rows["response"]
        if row[9] == "submitted" and not row[16]
    }  # fmt: skip
    counted = oracle.responses(oracle.gather(_MESSAGES))
    assert found == {(name, answered.scores.get("NPS")) for name, answered in counted.items()}


def test_a_second_run_adds_nothing_but_the_same_dead_letters() -> None:
    """`cx demo` may be run again on the same data: its records are then all duplicates or bad."""
    once, twice = _demonstration(), _processed([*_MESSAGES, *_MESSAGES])
    tables = [
        {name: rows for name, rows in sink.tables().items() if name != "dead_letter"} for sink, *_ in (once, twice)
    ]
    assert tables[0] == tables[1]
    assert len(twice[1]) == 2 * len(once[1])
