"""All events of an account meet on one partition: where that is, who lands there, and what is refused elsewhere."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import DefaultPartitioner
from kafka.partitioner.default import murmur2 as of_kafka_python

from streams.core.rules import Rules
from streams.live.engine.partition_counts import unequal
from streams.live.fold.partition import Partition
from streams.live.fold.partitioner import REASON, home, misplaced
from streams.live.store.memory import MemoryStore
from tests.faults.murmur2 import home as of_the_recount
from tests.support.records import CODEC, record, submitted

_TYPES = frozenset({"response_submitted"})
# Kafka's own vectors: Utils.murmur2 of its UtilsTest, signed as Java prints them.
_VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
_KEYS = st.binary(min_size=1, max_size=40)
_COUNTS = st.integers(1, 1024)


class _Cluster:
    """What the partitioner of kafka-python asks for."""

    def __init__(self, partitions: int) -> None:
        self._all = list(range(partitions))

    def topics(self) -> set[str]:
        return {"t"}

    def partitions_for_topic(self, _topic: str) -> list[int]:
        return self._all

    def available_partitions_for_topic(self, _topic: str) -> list[int]:
        return self._all


def _reasons(key: str, number: int, partitions: int) -> list[tuple[str, str]]:
    store: Any = MemoryStore()
    opened = Partition("survey", number, store, codec=CODEC, rules=Rules(), types=_TYPES, partitions=partitions)
    batch = opened.process([record(0, "response_submitted", submitted(1, account_id=key))])
    return [(letter.reason, letter.detail) for letter in batch.dead]


@pytest.mark.parametrize("key", _VECTORS)
@pytest.mark.parametrize("partitions", [1, 2, 4, 6, 12, 1000])
def test_a_key_belongs_where_kafkas_own_vectors_say(key: bytes, partitions: int) -> None:
    """Given Kafka's test vectors, then the partition is their positive part modulo the count."""
    assert home(key, partitions) == (_VECTORS[key] & 0x7FFFFFFF) % partitions
    assert of_the_recount(key, partitions) == home(key, partitions)


@given(_KEYS, _COUNTS)
def test_three_murmurs_and_our_emitter_agree_on_any_key_and_count(key: bytes, partitions: int) -> None:
    """Given any bytes, then librdkafka, kafka-python (by which our emitters send) and the recount agree."""
    right = (of_kafka_python(key) & 0x7FFFFFFF) % partitions
    emitted = DefaultPartitioner().partition("t", key, key, b"", b"", _Cluster(partitions))
    assert home(key, partitions) == emitted == of_the_recount(key, partitions) == right


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20), st.integers(1, 64), st.data())
def test_a_record_is_refused_exactly_where_its_key_does_not_belong(
    key: str, partitions: int, data: st.DataObject
) -> None:
    """Given an event on any partition, when a worker takes it, then it is refused everywhere but at home."""
    number = data.draw(st.integers(0, partitions - 1))
    right = (of_kafka_python(key.encode()) & 0x7FFFFFFF) % partitions
    assert [reason for reason, _ in _reasons(key, number, partitions)] == ([] if number == right else [REASON])


@pytest.mark.parametrize(
    ("number", "cause"),
    [(3, "librdkafka's default: set partitioner=murmur2_random"), (2, "names the partition itself")],
)
def test_the_refusal_names_the_clients_likely_mistake(number: int, cause: str) -> None:
    """Given acc-0042 on partition 3 of 4, where CRC32 puts it, then librdkafka is named; on 2 nobody is."""
    ((reason, detail),) = _reasons("acc-0042", number, 4)
    assert reason == REASON
    assert detail.startswith(f"murmur2 of its key names partition 0 of 4, it is on {number}; ")
    assert detail.endswith(cause)
    assert "acc-0042" not in detail


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"cx.survey": 4, "cx.survey-changelog": 4, "cx.billing": 4, "cx.billing-changelog": 4, "cx.config": 1}, []),
        ({"cx.survey": 8, "cx.survey-changelog": 4}, ["cx.survey has 8 partitions and cx.survey-changelog has 4"]),
        ({"cx.survey": 4, "cx.billing": 6}, ["cx.survey has 4 partitions and cx.billing has 6"]),
        ({"cx.config": 2, "cx.config-changelog": 1}, ["cx.config has 2 partitions and cx.config-changelog has 1"]),
        ({}, []),
    ],
)
def test_topics_that_do_not_fit_one_another_are_named(counts: dict[str, int], said: list[str]) -> None:
    """Given a changelog or a topic of accounts with another number, then both are named; settings have their own."""
    found = unequal("cx.", ("survey", "billing", "support", "reference", "config"), counts)
    assert found == [f"{each}: they must have the same number" for each in said]


def test_saramas_default_is_named() -> None:
    """Given a key where FNV-1a alone puts it, then the message says Sarama."""
    key = next(
        key
        for key in (b"acc-%04d" % number for number in range(1_000))
        if "Sarama" in misplaced(key, 1, 4)[1] and home(key, 4) != 1
    )
    assert "set partitioner" not in misplaced(key, 1, 4)[1]
