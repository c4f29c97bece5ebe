"""Levels of meters: each event states where a meter stood at a moment, so the newest word on that moment stands.

An entity is one meter at one moment. So one more report costs the same after years of hours, and a source that sends a
moment again under another id counts it once.
"""

from collections.abc import Sequence

from streams.core.algebra import RecordedEvent
from streams.core.events import UsageReported, UsageReportEvent
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


USAGE_REPORT = newest_of("usage_report", UsageReportEvent, identity, rows)
