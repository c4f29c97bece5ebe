"""Touches outside of tickets: calls, meetings, e-mails. Each event states the whole touch, so the newest stands."""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import TouchEvent
from streams.core.health.facts import Fact, Happened
from streams.core.newest import newest_of
from streams.core.rows_ticket import TouchRow


def rows(recorded: RecordedEvent) -> Sequence[TouchRow]:
    event: TouchEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        TouchRow(
            event.account_id,
            event.touch_id,
            event.kind,
            event.direction.lower(),
            event.channel or "",
            event.contact_id or "",
            event.manager_id or "",
            event.occurred_at,
            event.duration_s,
            event.is_test,
        ),
    )


def facts(recorded: RecordedEvent) -> Iterable[Fact]:
    """Yield that people talked. What somebody logs is a talk, whoever began it."""
    event: TouchEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    yield Happened(event.occurred_at, "touch", event.touch_id, "touch", event.event_id, "touch")


TOUCH = newest_of("touch", TouchEvent, attrgetter("touch_id"), rows, facts=facts)
