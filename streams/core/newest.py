"""Entities whose newest event says everything: earlier ones leave nothing behind."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.changes import Measures
from streams.core.columns import Row
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES, Kind
from streams.core.outputs import Outputs, Scope


class Newest(msgspec.Struct, array_like=True, gc=False):
    """The newest event; None before the first."""

    is_test: bool = False
    event: RecordedEvent | None = None


def newest_of(
    kind: Kind,
    events: Any,
    identify: Callable[[Any], str],
    rows: Callable[[RecordedEvent], Sequence[Row]],
    measures: Callable[[RecordedEvent], Measures] | None = None,
) -> Reducer[Newest]:
    """Return the reducer of a kind of which each event states everything.

    `events` is the union of the kind's events, `identify` names the entity within its account. `rows` and `measures`
    are made of the newest event. An example is `TOUCH` of `support/touch.py`.
    """

    def project(acc: Newest, _scope: Scope, outputs: Outputs) -> None:
        if acc.event is None:
            return
        outputs.rows.extend(rows(acc.event))
        if measures is not None:
            outputs.measures.update(measures(acc.event))

    return Reducer(
        kind=kind,
        prefix=PREFIXES[kind],
        events=events,
        identify=identify,
        accumulator=Newest,
        apply=_take,
        project=project,
    )


def _take(acc: Newest, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event take the place of the one before."""
    acc.event = recorded
