"""Media plans and what was spent under them: each event states a whole line or report, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.billing.money import micros
from streams.core.changes import NO_MEASURES, ONE, Measures
from streams.core.events import MediaPlanEvent, MediaPlanSet, MediaSpendEvent, MediaSpendReported
from streams.core.newest import newest_of
from streams.core.rows_work import MediaPlanRow, MediaSpendRow


def plan_rows(recorded: RecordedEvent) -> Sequence[MediaPlanRow]:
    event: MediaPlanSet = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        MediaPlanRow(
            event.account_id,
            event.plan_id,
            event.project_id or "",
            event.channel,
            event.starts_at,
            event.ends_at,
            event.currency,
            micros(event.amount, event.exponent),
            event.is_cancelled,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def spend_rows(recorded: RecordedEvent) -> Sequence[MediaSpendRow]:
    event: MediaSpendReported = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        MediaSpendRow(
            event.account_id,
            event.spend_id,
            event.plan_id,
            event.currency,
            micros(event.amount, event.exponent),
            event.spent_at,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def spend_measures(recorded: RecordedEvent) -> Measures:
    """Return the money that a report adds, by currency and line."""
    event: MediaSpendReported = recorded.event  # type: ignore[assignment] # routed here by its type
    if event.is_test:
        return NO_MEASURES
    amount = micros(event.amount, event.exponent)
    return {("media_variance", f"{event.currency}/{event.plan_id}", event.spent_at, ""): (amount, 0, amount / ONE)}


MEDIA_PLAN = newest_of("media_plan", MediaPlanEvent, attrgetter("plan_id"), plan_rows)
MEDIA_SPEND = newest_of("media_spend", MediaSpendEvent, attrgetter("spend_id"), spend_rows, spend_measures)
