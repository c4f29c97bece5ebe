"""Touches outside of tickets: calls, meetings, e-mails. Each event states the whole touch, so the newest stands."""

from collections.abc import Sequence

from streams.core.algebra import RecordedEvent
from streams.core.events import TouchLogged
from streams.core.rows import TouchRow


def rows(recorded: RecordedEvent) -> Sequence[TouchRow]:
    event: TouchLogged = recorded.event  # type: ignore[assignment] # routed here by its type
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
