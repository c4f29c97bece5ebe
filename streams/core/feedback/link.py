"""Requests: an account asked for a feedback item. Each event states the whole request, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import FeedbackLinkEvent
from streams.core.newest import newest_of
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


FEEDBACK_LINK = newest_of("feedback_link", FeedbackLinkEvent, attrgetter("link_id"), rows)
