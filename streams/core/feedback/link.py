"""Requests: an account asked for a feedback item. Each event states the whole request, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import FeedbackLinkEvent
from streams.core.newest import Newest, projection_of, take_newest
from streams.core.rows_feedback import FeedbackLinkRow


def rows(recorded: RecordedEvent) -> Sequence[FeedbackLinkRow]:
    event: FeedbackLinkEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        FeedbackLinkRow(
            event.account_id,
            event.link_id,
            event.item_id,
            event.response_id or "",
            event.ticket_id or "",
            event.contact_id or "",
            event.has_quote,
            event.occurred_at if event.asked_at is None else event.asked_at,
            event.occurred_at,
            event.event_id,
            event.is_test,
        ),
    )


FEEDBACK_LINK = Reducer(
    kind="feedback_link",
    prefix=PREFIXES["feedback_link"],
    events=FeedbackLinkEvent,
    identify=attrgetter("link_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(rows),
)
