"""One person at a time acts on dead letters, and what was done is written into the audit log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra import wiring
from sinks import replays
from sinks.locks import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.settings import Settings

_SCOPE = "dead-letters"
_PURPOSE = "cx dead-letters redrive or discard"
"""The same for both: either may go on where a dead process held the lock, as each step is safe by itself."""


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Let nobody else act on dead letters for the length of a block. Raises LockedError."""
    with lock(lambda: wiring.clickhouse(settings), wiring.warehouse(settings), _SCOPE, _PURPOSE):
        yield


@contextmanager
def audited(settings: Settings, action: str, detail: Callable[[], str]) -> Iterator[None]:
    """Write into the audit log that an action begins, and how it ends: `detail` says how far it got."""
    name = f"dead-letters {action}"
    _audit(settings, name, "begun", detail())
    try:
        yield
    except BaseException as error:
        _audit(settings, name, "failed", f"{detail()}; {error or 'it was told to stop'}")
        raise
    _audit(settings, name, "done", detail())


def _audit(settings: Settings, action: str, outcome: replays.Outcome, detail: str) -> None:
    # A connection of its own: that of the work may have been cut short in the middle of a statement.
    with wiring.clickhouse(settings) as client:
        replays.audit(client, wiring.warehouse(settings), action, outcome, detail=detail)
