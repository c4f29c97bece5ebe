"""How much one entity may hold, and how much one batch may fold.

The state of an entity, like that of a roll-up, is one record of the changelog, and an event of an entity folds all that
came for it. Whether there is room depends on what came before, in a roll-up on the rules as well, and not on batches.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, starmap
from typing import Any

import msgspec

from streams.core.reducer import State
from streams.core.rollup import Rolled
from streams.live.batch import Batch
from streams.live.gathering import Gathering
from streams.live.unfoldable import blame

REASON = "entity_full"
MOST_EVENTS = 2_000
"""Events of one entity: a change a day for five years. Those of gathered ones have limits of their own."""
MOST_BYTES = 8 << 20
"""Of one state. The changelog takes half as much again: other rules may make a roll-up grow that has been full."""
MOST_WORK = 100_000
"""Events, and parts of a roll-up, that one batch folds: some seconds, after which a worker should commit."""
_GROWS, _FIXED = 32, 2_048
"""A record makes a state grow by no more than so many bytes for each of its own, and so many for itself."""

_encode = msgspec.msgpack.Encoder().encode


class FullError(Exception):
    """An event has no room in its entity, or in the roll-up that its entity is part of."""


def admit(state: State | None) -> None:
    """Raise FullError where an entity has as many events as it may have."""
    if state is not None and len(state.notes) >= MOST_EVENTS:
        raise FullError(f"its entity has {MOST_EVENTS} events already")


def grow(batch: Batch, key: bytes, state: State, record_bytes: int) -> None:
    """Note that an event makes an entity's state what it is now. Raises FullError where it has no room.

    Only what came counts, and not what passing time writes into a state: a tick between two events shows nowhere.
    """
    at_most = record_bytes * _GROWS + _FIXED
    _grow(batch, key, at_most, lambda: len(_encode(state.notes)) + len(state.claims), "what came for its entity")


def grow_rolled(batch: Batch, key: bytes, rolled: Rolled[Any], part: Any) -> None:
    """The same for a roll-up, of which an entity has a new part."""
    at_most = len(_encode(part)) + _FIXED
    _grow(batch, key, at_most, lambda: len(_encode(rolled.parts)), "what the entities of its account add up to")


def _grow(batch: Batch, key: bytes, at_most: int, measured: Callable[[], int], what: str) -> None:
    """Add to the bound that the batch keeps of a size; measure where the bound leaves no room."""
    size = batch.sizes.get(key, 0) + at_most
    if size > MOST_BYTES:
        size = measured()
        if size > MOST_BYTES:
            raise FullError(f"{what} would take {size} bytes, of {MOST_BYTES}")
    batch.sizes[key] = size


class TooMuchError(Exception):
    """Folding what a batch has gathered is too much for one batch, which had better end before `offset`."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


def bound(gathered: Iterable[tuple[bytes, Gathering]]) -> None:
    """Raise TooMuchError where folding what is gathered goes beyond MOST_WORK and a shorter batch would not."""
    entities = [(key, each) for key, each in gathered if each.arrived]
    if sum(each.most_work() for _, each in entities) <= MOST_WORK:
        return
    folds = sorted(chain.from_iterable(starmap(_stretches, entities)))
    first, work = folds[0][0], 0
    for offset, folded in folds:
        work += folded
        # One event may be folded twice: a batch that ends before its first event would never end.
        if work > MOST_WORK and offset > first:
            raise TooMuchError(offset)


def _stretches(key: bytes, gathering: Gathering) -> Sequence[tuple[int, int]]:
    try:
        return list(gathering.stretches(key))
    except Exception as error:
        blame(gathering.offsets, error)
        raise
