"""Levels of meters: each event states where a meter stood at a moment, so the newest word on that moment stands.

An entity is one meter at one moment. So one more report costs the same after years of hours, and a source that sends a
moment again under another id counts it once.
"""

from collections.abc import Iterable, Sequence

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import within
from streams.core.changes import ONE
from streams.core.events import UsageReported, UsageReportEvent
from streams.core.health.facts import Fact, Happened, Stated
from streams.core.newest import newest_of
from streams.core.rows_relationship import UsageReportRow
from streams.core.settings import joined


def identity(event: UsageReported) -> str:
    """Return the meter and the moment."""
    return joined(event.meter, event.measured_at)


def rows(recorded: RecordedEvent) -> Sequence[UsageReportRow]:
    event: UsageReported = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        UsageReportRow(
            event.account_id,
            event.meter,
            event.measured_at,
            event.value,
            event.limit,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def facts(recorded: RecordedEvent) -> Iterable[Fact]:
    """Yield the level of the meter and its limit, and that it was reported; in whole millionths."""
    event: UsageReported = recorded.event  # type: ignore[assignment] # routed here by its type
    at, member, by, meter = event.measured_at, identity(event), event.event_id, event.meter
    level = _millionths(event.value)
    limit = None if event.limit is None else _millionths(event.limit)
    yield Stated(at, "usage_report", member, "used", by, "used", level, of=meter)
    yield Stated(at, "usage_report", member, "limit", by, "limit", limit, of=meter)
    yield Happened(at, "usage_report", member, "usage", by, "usage", 1, level, meter)


def _millionths(value: float) -> int:
    """Return a level as facts have it; more than nine million millions count as so many."""
    return within(round(value * ONE))


USAGE_REPORT = newest_of("usage_report", UsageReportEvent, identity, rows, facts=facts)
