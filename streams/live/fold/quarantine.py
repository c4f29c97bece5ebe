"""Events that our own core fails on: put aside one by one, so that a mistake of ours does not stop a partition.

The core is deterministic: what it fails on once, it fails on after every restart. Only errors out of the core count.
What a store raises while the core reads from it is none of them.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from streams.live.fold.record import Record

from streams.live.store.port import StoreCorruptedError

log = logging.getLogger(__name__)

REASON = "internal_error"
LIMIT = 50
"""As many of a batch are put aside; more are an outage, and the error is raised."""

_CORE = "streams.core."
_FROM_BELOW = (MemoryError, OSError, StoreCorruptedError)
Outcome = TypeVar("Outcome")


class CoreFailedError(Exception):
    """Folding failed; one of the records at `offsets`, in their order, is what the core cannot take."""

    def __init__(self, offsets: Sequence[int], place: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__} in {place}")
        self.offsets, self.error = offsets, error


def blame(offsets: Sequence[int], error: Exception) -> None:
    """Raise CoreFailedError where it was the core that failed; return where it was anything else."""
    place = core_place(error)
    if place is not None:
        raise CoreFailedError(offsets, place, error) from error


def core_place(error: Exception) -> str | None:
    """Name the innermost function of the core that an error passed; None if there is none, or it came from below."""
    if isinstance(error, _FROM_BELOW):
        return None
    found = None
    for frame, _ in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(_CORE):
            found = f"{module}.{frame.f_code.co_name}"
    return found


def without_unfoldable(
    attempt: Callable[[Sequence[Record], Mapping[int, str]], Outcome], records: Sequence[Record]
) -> Outcome:
    """Return what `attempt` makes of records of ascending offsets, with those that the core fails on refused.

    `attempt` gets records and what is refused (offset -> detail), changes nothing, and raises CoreFailedError. An event
    is refused if the core fails on it after all that were taken before it, so that batches do not show in the outcome.
    Raises the core's own error where more than LIMIT fail.
    """
    refused: dict[int, str] = {}
    while True:
        try:
            return attempt(records, refused)
        except CoreFailedError as failed:
            if len(refused) == LIMIT:
                raise failed.error from None
            first = _first(attempt, records, refused, failed)
            log.error("offset %d is put aside: %s", first.offsets[-1], first, exc_info=first.error)  # noqa: TRY400
            refused[first.offsets[-1]] = str(first)


def _first(
    attempt: Callable[[Sequence[Record], Mapping[int, str]], object],
    records: Sequence[Record],
    refused: Mapping[int, str],
    failed: CoreFailedError,
) -> CoreFailedError:
    """Return the failure over the fewest records of the entity that failed; the last of them is to blame."""
    passing = 0
    while len(failed.offsets) - passing > 1:
        middle = (passing + len(failed.offsets)) // 2
        last = failed.offsets[middle - 1]
        try:
            attempt([record for record in records if record.offset() <= last], refused)
        except CoreFailedError as earlier:
            if earlier.offsets == failed.offsets[:middle]:
                failed = earlier
                continue
        passing = middle
    return failed
