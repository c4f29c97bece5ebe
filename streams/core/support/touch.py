"""Touches outside of tickets: calls, meetings, e-mails. Each event states the whole touch, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import TouchEvent
from streams.core.newest import Newest, projection_of, take_newest
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


TOUCH = Reducer(
    kind="touch",
    prefix=PREFIXES["touch"],
    events=TouchEvent,
    identify=attrgetter("touch_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(rows),
)
