"""Entities whose newest event says everything: earlier ones leave nothing behind."""

from collections.abc import Callable, Sequence

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.changes import Measures
from streams.core.columns import Row
from streams.core.outputs import Outputs, Scope


class Newest(msgspec.Struct, array_like=True, gc=False):
    """The newest event; None before the first."""

    is_test: bool = False
    event: RecordedEvent | None = None


def take_newest(acc: Newest, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event take the place of the one before."""
    acc.event = recorded


def projection_of(
    rows: Callable[[RecordedEvent], Sequence[Row]], measures: Callable[[RecordedEvent], Measures] | None = None
) -> Callable[[Newest, Scope, Outputs], None]:
    """Return what lists the outputs of the newest event."""

    def project(acc: Newest, _scope: Scope, outputs: Outputs) -> None:
        if acc.event is None:
            return
        outputs.rows.extend(rows(acc.event))
        if measures is not None:
            outputs.measures.update(measures(acc.event))

    return project
