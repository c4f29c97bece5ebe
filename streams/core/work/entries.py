"""Entries of time and money: each event states the whole entry, so the newest stands.

What an hour costs is no part of it: views read the rate card as of the day of work, so that a late entry is priced by
its own day, and a rate that is set late reaches all the entries of its days.
"""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.changes import NO_MEASURES, ONE, Measures
from streams.core.events import CostEntry, CostEntryEvent, TimeEntry, TimeEntryEvent
from streams.core.newest import newest_of
from streams.core.rows_work import CostEntryRow, TimeEntryRow


def time_rows(recorded: RecordedEvent) -> Sequence[TimeEntryRow]:
    event: TimeEntry = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        TimeEntryRow(
            event.account_id,
            event.time_entry_id,
            event.project_id or "",
            event.person_id,
            event.role or "",
            event.minutes,
            event.worked_at,
            event.kind,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def time_measures(recorded: RecordedEvent) -> Measures:
    """Return the time that an entry adds, in seconds, by kind and project; nothing says whose, or what it costs."""
    event: TimeEntry = recorded.event  # type: ignore[assignment] # routed here by its type
    if event.is_test:
        return NO_MEASURES
    item = f"hours/{event.kind}/{event.project_id or ''}"
    return {("account_margin", item, event.worked_at, ""): (event.minutes * 60 * ONE, 0, event.minutes / 60)}


def cost_rows(recorded: RecordedEvent) -> Sequence[CostEntryRow]:
    event: CostEntry = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        CostEntryRow(
            event.account_id,
            event.cost_entry_id,
            event.project_id or "",
            event.kind,
            event.currency,
            micros(event.amount, event.exponent),
            event.incurred_at,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def cost_measures(recorded: RecordedEvent) -> Measures:
    """Return the money that an entry adds, by kind, currency and project."""
    event: CostEntry = recorded.event  # type: ignore[assignment] # routed here by its type
    if event.is_test:
        return NO_MEASURES
    amount = micros(event.amount, event.exponent)
    item = f"cost/{event.kind}/{event.currency}/{event.project_id or ''}"
    return {("account_margin", item, event.incurred_at, ""): (amount, 0, amount / ONE)}


TIME_ENTRY = newest_of("time_entry", TimeEntryEvent, attrgetter("time_entry_id"), time_rows, time_measures)
COST_ENTRY = newest_of("cost_entry", CostEntryEvent, attrgetter("cost_entry_id"), cost_rows, cost_measures)
