"""Watches what must always hold among the rows, and calls when it does not.

Tables are written one after the other, so a look in between may find rows that contradict each other for a moment:
only what two looks in a row find is raised.
"""

from collections.abc import Callable, Iterable

import msgspec

from streams.core.algebra import Signal, derived_id

INVARIANT_BROKEN = "invariant_broken"
MOST_EVENTS = 20
"""Events that a signal names; the view names all."""


class Broken(msgspec.Struct, frozen=True):
    """One contradiction, as the view broken_invariant tells it."""

    invariant: str
    account_id: str
    subject_id: str
    detail: str
    events: tuple[str, ...] = ()


class InvariantWatch:
    """Compares each look with the one before. `look` may block; what it raises, the caller sees."""

    def __init__(self, look: Callable[[], Iterable[Broken]], clock: Callable[[], int]) -> None:
        self._look = look
        self._clock = clock
        self._before: set[Broken] = set()
        self.standing = 0

    def check(self) -> list[Signal]:
        """Return a signal for each contradiction that the last look found too; the same one has the same id."""
        found = set(self._look())
        lasting = found & self._before
        self._before, self.standing = found, len(lasting)
        return [self._signal(each) for each in sorted(lasting, key=msgspec.structs.astuple)]

    def _signal(self, broken: Broken) -> Signal:
        subject = f"{broken.invariant}/{broken.account_id}/{broken.subject_id}"
        return Signal(
            derived_id(subject, INVARIANT_BROKEN),
            INVARIANT_BROKEN,
            broken.account_id,
            broken.subject_id,
            self._clock(),
            {"invariant": broken.invariant, "detail": broken.detail, "events": " ".join(broken.events[:MOST_EVENTS])},
        )
