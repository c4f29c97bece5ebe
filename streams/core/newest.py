"""Entities whose newest event says everything: earlier ones leave nothing behind."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.changes import Measures
from streams.core.columns import Row
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES, Kind
from streams.core.health.facts import Fact
from streams.core.health.handing import hand_over
from streams.core.limits import NEVER
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
    facts: Callable[[RecordedEvent], Iterable[Fact]] | None = None,
    facts_from: Callable[[RecordedEvent], int] | None = None,
) -> Reducer[Newest]:
    """Return the reducer of a kind of which each event states everything.

    `events` is the union of the kind's events, `identify` names the entity within its account. `rows`, `measures` and
    `facts` of the account's health are made of the newest event; there are none of a test. Where they come to hold only
    later than they are told, `facts_from` is when (microseconds). An example is `TOUCH` of `support/touch.py`.
    """

    def project(acc: Newest, scope: Scope, outputs: Outputs) -> None:
        if acc.event is None:
            return
        outputs.rows.extend(rows(acc.event))
        if measures is not None:
            outputs.measures.update(measures(acc.event))
        if facts is not None and not acc.event.event.is_test and deadline(acc, scope) == NEVER:
            hand_over(facts(acc.event), outputs)

    def deadline(acc: Newest, scope: Scope) -> int:
        if acc.event is None or acc.event.event.is_test or facts_from is None:
            return NEVER
        begins = facts_from(acc.event)
        return begins if begins > max(acc.event.ingested_at, scope.passed) else NEVER

    return Reducer(
        kind=kind,
        prefix=PREFIXES[kind],
        events=events,
        identify=identify,
        accumulator=Newest,
        apply=_take,
        project=project,
        deadline=None if facts_from is None else deadline,
    )


def _take(acc: Newest, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Let an event take the place of the one before."""
    acc.event = recorded
