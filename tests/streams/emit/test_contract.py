"""What an emitter refuses is what a worker refuses, no more and no less."""

from typing import Any

import pytest
from hypothesis import given

from schemas import examples
from schemas.catalogue import latest_schemas
from schemas.codec import InvalidEventError
from schemas.topics import load_topics
from streams.core.rules import Rules
from streams.emit import RefusedEventError
from streams.emit.admission import admitted
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.odd_events import CORPUS, odd_events
from tests.support.records import CODEC, Record

_OF_OTHERS = frozenset({"conflicting_duplicate", "internal_error"})
"""Reasons that no event gives by itself."""


def _worker(event_type: str, value: bytes, key: bytes, now: int) -> str | None:
    """Return the reason that a worker refuses a record for, of which it knows nothing else."""
    topic = latest_schemas()[event_type].topic
    types = frozenset(load_topics()[topic].event_types)
    partition = Partition(topic, 0, MemoryStore(), codec=CODEC, rules=Rules(), types=types)
    dead = partition.process([Record(0, key, value, now // 1000)]).dead
    return dead[0].reason if dead and dead[0].reason not in _OF_OTHERS else None


def _emitter(event_type: str, fields: dict[str, Any], now: int) -> str | None:
    try:
        admitted(CODEC, event_type, fields, now)
    except RefusedEventError as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("example", CORPUS, ids=lambda example: example.path.stem)
def test_an_example_is_refused_exactly_when_a_worker_refuses_it(example: examples.Example) -> None:
    """Given any example of the contract, when it is emitted, then the sender learns the reason that a worker has."""
    fields: Any = example.fields
    key, at = fields["account_id"].encode(), example.stored_at
    assert _emitter(example.event_type, fields, at) == _worker(example.event_type, example.value, key, at)


def test_most_failing_examples_fail_by_themselves() -> None:
    """The sweep above would be empty if the corpus held no such case."""
    failing = [each for each in CORPUS if not each.passes]
    alone = [each for each in failing if _emitter(each.event_type, each.fields or {}, each.stored_at) == each.reason]
    assert len(alone) > 0.8 * len(failing) > 50


@given(odd_events())
def test_random_events_are_refused_exactly_when_a_worker_refuses_them(odd: tuple[str, dict[str, Any]]) -> None:
    """Whatever an application fills in: no dead letter that its emitter would have taken, and no event held back."""
    event_type, fields = odd
    now = 1_793_534_400_000_000
    try:
        value = CODEC.encode(event_type, fields)
    except InvalidEventError:  # no bytes, so no worker will ever see it
        return
    assert _emitter(event_type, fields, now) == _worker(event_type, value, fields["account_id"].encode(), now)
