"""What persons say of an account's health, beside what is computed: the newest event on a judgement stands."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import HealthOverrideEvent, HealthOverrideSet
from streams.core.health.facts import Fact, Stated
from streams.core.newest import newest_of
from streams.core.rows_relationship import HealthOverrideRow


def rows(recorded: RecordedEvent) -> Sequence[HealthOverrideRow]:
    event: HealthOverrideSet = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        HealthOverrideRow(
            event.account_id,
            event.override_id,
            event.model_id or "",
            event.score,
            event.band or "",
            event.reason,
            event.set_by,
            event.set_at,
            event.expires_at,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def facts(recorded: RecordedEvent) -> Iterator[Fact]:
    """Yield what the account's health is to know: the score or band until its expiry, or that none holds any more."""
    event: HealthOverrideSet = recorded.event  # type: ignore[assignment] # routed here by its type
    value = event.band if event.score is None else f"{event.score:g}"
    name, until = event.override_id, event.expires_at or 0
    yield Stated(
        event.set_at,
        "health_override",
        name,
        "override",
        event.event_id,
        "override",
        value,
        event.model_id or "",
        until,
    )


HEALTH_OVERRIDE = newest_of("health_override", HealthOverrideEvent, attrgetter("override_id"), rows, facts=facts)
