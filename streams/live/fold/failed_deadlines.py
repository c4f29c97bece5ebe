"""Deadlines that our own core fails on: put aside one by one, so that a mistake of ours does not stop a partition.

What time brings about in one entity or ledger waits for a release that can fold it; its events go on to be taken in,
and so does all else of its account. Each life of a partition tries once more what the lives before put aside, so a
start of the workers with a mended release takes it up again. Only errors out of the core count, as for events.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

import msgspec

from streams.core.entities import PREFIXES
from streams.core.limits import NEVER
from streams.core.rows_reference import FailedDeadlineRow
from streams.core.segments import names_in
from streams.live.fold.quarantine import LIMIT, core_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from streams.core.declarations import Kinds
    from streams.live.fold.batch import Batch

log = logging.getLogger(__name__)

ASIDE = b"\0aside"
"""Records of the changelog that begin with it, and go on with the key of a log, hold the log's deadline that failed."""
Outcome = TypeVar("Outcome")
Failed = dict[tuple[bytes, int], str]
"""Reasons for which deadlines failed, by key and moment (microseconds)."""
NOTHING_FAILED: Mapping[tuple[bytes, int], str] = {}


class DeadlineFailedError(Exception):
    """A deadline could not be folded: it is named by the key of its log and its moment. The cause says why."""

    def __init__(self, deadline: tuple[bytes, int]) -> None:
        super().__init__(f"deadline {deadline[1]} of {deadline[0]!r}")
        self.deadline = deadline


class Aside(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A deadline that was put aside: its moment in microseconds, and why."""

    at: int
    detail: str


_encode = msgspec.msgpack.Encoder().encode
_aside_from = msgspec.msgpack.Decoder(Aside).decode


def without_failing(attempt: Callable[[Mapping[tuple[bytes, int], str]], Outcome]) -> Outcome:
    """Return what `attempt` makes, which gets the deadlines that it is to leave out, changes nothing, and raises.

    The first that fails after all that fired before it is left out, so that batches do not show in the outcome. Raises
    the error itself where it is none of the core, or where more than LIMIT fail.
    """
    failed: Failed = {}
    while True:
        try:
            return attempt(failed)
        except DeadlineFailedError as error:
            cause = error.__cause__
            assert isinstance(cause, Exception)
            place = core_place(cause)
            if place is None or len(failed) == LIMIT:
                raise cause from None
            detail = f"{type(cause).__name__} in {place}"
            log.error("%s is put aside: %s", error, detail, exc_info=cause)  # noqa: TRY400
            failed[error.deadline] = detail


class FailedDeadlines:
    """Deadlines of a partition that were put aside and have not gone by since.

    `skipped` are those that failed in this life: they do not fire again.
    """

    def __init__(self, topic: str, number: int, kinds: Kinds) -> None:
        self._topic, self._number, self._kinds = topic, number, kinds
        self._known: dict[bytes, Aside] = {}
        self.skipped: set[tuple[bytes, int]] = set()

    def load(self, name: bytes, value: bytes) -> None:
        """Learn from a record what an earlier life put aside."""
        self._known[name[len(ASIDE) :]] = _aside_from(value)

    def note(self, batch: Batch, failed: Mapping[tuple[bytes, int], str], first_version: int) -> None:
        """Write into a batch what it put aside, and take away what has gone by since."""
        machine, now = batch.machine, {}
        for (key, at), detail in failed.items():
            if machine.head_of(key).deadline == at:
                now[key] = Aside(at, detail)
                self._write(batch, key, now[key], first_version, is_over=False)
        if not self._known:
            return
        for key, deadline in machine.deadlines():
            known = self._known.get(key)
            if known is not None and key not in now and _is_over(known, deadline, machine.head_of(key).passed):
                self._write(batch, key, known, first_version, is_over=True)

    def commit(self, aside: Mapping[bytes, bytes | None]) -> Iterator[tuple[bytes, int]]:
        """Take over what a batch has committed; yield what it put aside."""
        for key, value in aside.items():
            if value is None:
                del self._known[key]
            else:
                known = self._known[key] = _aside_from(value)
                self.skipped.add((key, known.at))
                yield key, known.at

    def _write(self, batch: Batch, key: bytes, aside: Aside, first_version: int, *, is_over: bool) -> None:
        batch.aside[key] = batch.changes[ASIDE + key] = None if is_over else _encode(aside)
        account, name = names_in(key)
        row = FailedDeadlineRow(
            self._topic, account, f"{self._kind(chr(key[0]))}:{name}", self._number, aside.at, aside.detail
        )
        version = first_version | batch.machine.head_of(key).revision
        batch.rows[row.TABLE].append((*msgspec.structs.astuple(row), version, int(is_over)))

    def _kind(self, prefix: str) -> str:
        reducer = self._kinds.reducers.get(prefix)
        if reducer is not None:
            return reducer.kind
        named = next((name for name, each in PREFIXES.items() if each == prefix), "")
        return named or self._kinds.ledgers[prefix].kind or prefix


def _is_over(aside: Aside, deadline: int, passed: int) -> bool:
    """Return whether the time that a deadline stood for has gone by, or time changes nothing any more."""
    return passed >= aside.at or deadline == NEVER
