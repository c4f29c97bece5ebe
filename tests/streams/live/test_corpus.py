"""The examples of the contract, taken all the way through a partition; and bytes that nobody foresaw."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import examples
from schemas.topics import load_topics
from streams.core.events import EVENT_TYPES
from streams.core.routes import REDUCERS
from streams.core.rules import Rules
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, Record, record, submitted

EVENT_TOPICS = ("survey", "reference", "config", "billing", "support")
CORPUS = [example for example in examples.load() if example.topic in EVENT_TOPICS]


def opened(topic: str) -> Partition:
    types = frozenset(load_topics()[topic].event_types)
    return Partition(topic, 0, MemoryStore(), codec=CODEC, rules=Rules(), types=types)


@pytest.mark.parametrize("example", CORPUS, ids=lambda example: example.path.stem)
def test_an_example_is_taken_or_refused_for_its_named_reason(example: examples.Example) -> None:
    """What the contract says to producers and what the pipeline does must be one thing."""
    partition = opened(example.topic)
    stored_at = example.stored_at // 1000
    key = example.key
    for offset, value in enumerate(example.earlier):
        partition.commit(partition.process([Record(offset, key, value, stored_at)]))
    batch = partition.process([Record(len(example.earlier), key, example.value, stored_at)])
    assert [letter.reason for letter in batch.dead] == ([] if example.reason is None else [example.reason])
    assert bool(batch.entities()) == example.passes


def test_every_event_type_of_a_topic_has_a_struct_and_a_reducer() -> None:
    """A type that is declared and not folded would be accepted and lost."""
    declared = {name for topic in EVENT_TOPICS for name in load_topics()[topic].event_types}
    assert declared == set(EVENT_TYPES)
    assert set(EVENT_TYPES.values()) == set(REDUCERS)


GOOD = CODEC.encode("response_submitted", submitted(1, nps=2))


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_any_bytes_are_taken_or_put_aside_and_their_neighbour_counts(junk: bytes, at: int, cut: int) -> None:
    """No sequence of bytes may stop a worker: records are written by programs that we do not know."""
    mutated = GOOD[:at] + junk + GOOD[at + cut :]
    neighbour = record(1, "response_submitted", submitted(2, "neighbour"))
    batch = opened("survey").process([Record(0, b"acme", mutated), neighbour])
    assert len(batch.dead) + len(batch.entities()) + batch.duplicates == 2
    assert any(row[1] == "neighbour" for row in batch.rows["response"])
