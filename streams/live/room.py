"""How much one entity may hold, and how much one batch may fold.

The state of an entity, like that of a roll-up, is one record of the changelog, and an event of an entity folds all that
came for it. Whether there is room depends on the states alone, so batches do not show in what is refused.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from streams.core.events import Event
from streams.core.limits import Refusal
from streams.core.reducer import Reducer, State
from streams.core.rollup import Rolled
from streams.core.routes import REDUCERS
from streams.live.batch import Batch
from streams.live.gathering import Gathering

REASON = "entity_full"
MOST_EVENTS = 2_000
"""Events of one entity: a change a day for five years. Those of gathered ones have limits of their own."""
MOST_BYTES = 8 << 20
"""Of one state. The changelog takes half as much again: other rules may make a roll-up grow that has been full."""
MOST_WORK = 100_000
"""Events, and parts of a roll-up, that one batch folds: some seconds, after which a worker should commit."""
_GROWS, _FIXED = 32, 1_024
"""A record makes a state grow by no more than so many bytes for each of its own, and so many for itself."""

_encode = msgspec.msgpack.Encoder().encode


class FullError(Exception):
    """An event has no room in its entity, or in the roll-up that its entity is part of."""


def too_long(event: Event, value: bytes | None) -> Refusal | None:
    """Why the event of a gathered entity cannot be taken: many are kept of one, so that each has to be short."""
    reducer: Reducer[Any] = REDUCERS[type(event)]
    size = len(value or b"")
    if reducer.gathered is None or size <= reducer.gathered.event_bytes:
        return None
    return "too_large", f"{size} bytes, the limit for an event of a {reducer.kind} is {reducer.gathered.event_bytes}"


def admit(state: State | None) -> None:
    """Raise FullError where an entity has as many events as it may have."""
    if state is not None and len(state.notes) >= MOST_EVENTS:
        raise FullError(f"its entity has {MOST_EVENTS} events already")


def grow(batch: Batch, key: bytes, state: State, record_bytes: int) -> None:
    """Note that an event makes an entity's state what it is now. Raises FullError where it has no room."""
    _grow(batch, key, state, record_bytes * _GROWS + _FIXED, "what is known of its entity")


def grow_rolled(batch: Batch, key: bytes, rolled: Rolled[Any], part: Any) -> None:
    """The same for a roll-up, of which an entity has a new part."""
    _grow(batch, key, rolled, len(_encode(part)) + _FIXED, "what the entities of its account add up to")


def _grow(batch: Batch, key: bytes, state: State | Rolled[Any], at_most: int, what: str) -> None:
    size = batch.sizes.get(key, 0) + at_most
    if size > MOST_BYTES:
        size = len(_encode(state))
        if size > MOST_BYTES:
            raise FullError(f"{what} would take {size} bytes, of {MOST_BYTES}")
    batch.sizes[key] = size


class TooMuchError(Exception):
    """Folding what a batch has gathered is too much for one batch, which had better end before `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def bound(gathered: Iterable[tuple[bytes, Gathering]], work: int) -> None:
    """Raise TooMuchError where folding what is gathered goes beyond MOST_WORK and a shorter batch would not.

    `work` is what the batch folds besides.
    """
    entities = [(key, each) for key, each in gathered if each.arrived]
    if work + sum(each.most_work() for _, each in entities) <= MOST_WORK:
        return
    first = True
    for key, each in entities:
        for offset, folded in each.stretches(key):
            work += folded
            if work > MOST_WORK and not first:
                raise TooMuchError(offset)
            first = False
