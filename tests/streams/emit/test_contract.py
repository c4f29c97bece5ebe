"""What an emitter refuses is what a worker refuses, no more and no less."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import examples
from schemas.catalogue import latest_schemas, without_logical_types
from schemas.codec import InvalidEventError
from schemas.topics import load_topics
from streams.core.events import EVENT_TYPES
from streams.core.rules import Rules
from streams.emit import RefusedEventError
from streams.emit.admission import admitted
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore
from tests.support.records import CODEC, Record
from tests.support.schema_values import of_schema

_OF_OTHERS = frozenset({"conflicting_duplicate", "internal_error"})
"""Reasons that no event gives by itself."""
_CORPUS = [each for each in examples.load() if each.event_type in EVENT_TYPES and each.fields is not None]


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


@pytest.mark.parametrize("example", _CORPUS, ids=lambda example: example.path.stem)
def test_an_example_is_refused_exactly_when_a_worker_refuses_it(example: examples.Example) -> None:
    """Given any example of the contract, when it is emitted, then the sender learns the reason that a worker has."""
    fields: Any = example.fields
    key, at = fields["account_id"].encode(), example.stored_at
    assert _emitter(example.event_type, fields, at) == _worker(example.event_type, example.value, key, at)


def test_most_failing_examples_fail_by_themselves() -> None:
    """The sweep above would be empty if the corpus held no such case."""
    failing = [each for each in _CORPUS if not each.passes]
    alone = [each for each in failing if _emitter(each.event_type, each.fields or {}, each.stored_at) == each.reason]
    assert len(alone) > 0.8 * len(failing) > 50


@st.composite
def _odd_events(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw an example with some of its fields drawn anew, or shaken."""
    example = draw(st.sampled_from(_CORPUS))
    schema = without_logical_types(latest_schemas()[example.event_type].definition)
    named: dict[str, Any] = {}
    drawn = {field["name"]: of_schema(field["type"], named) for field in schema["fields"]}
    changed = draw(st.lists(st.sampled_from(sorted(drawn)), min_size=1, max_size=3, unique=True))
    fields = {**(example.fields or {}), **{name: draw(drawn[name]) for name in changed}}
    name = draw(st.sampled_from(sorted(fields)))
    if isinstance(fields[name], int) and not isinstance(fields[name], bool):
        fields[name] = draw(st.sampled_from([0, -1, -fields[name], fields[name] + 1, 10**15, 2**31 - 1]))
    elif isinstance(fields[name], list):
        fields[name] = fields[name] * draw(st.integers(0, 2))
    elif isinstance(fields[name], str) and name != "account_id":
        fields[name] = draw(st.sampled_from(["", "x" * 257, "\x1b[2J", fields[name]]))
    return example.event_type, fields


@given(_odd_events())
def test_random_events_are_refused_exactly_when_a_worker_refuses_them(odd: tuple[str, dict[str, Any]]) -> None:
    """Whatever an application fills in: no dead letter that its emitter would have taken, and no event held back."""
    event_type, fields = odd
    now = 1_793_534_400_000_000
    try:
        value = CODEC.encode(event_type, fields)
    except InvalidEventError:  # no bytes, so no worker will ever see it
        return
    assert _emitter(event_type, fields, now) == _worker(event_type, value, fields["account_id"].encode(), now)
