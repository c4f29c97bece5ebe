"""Notices: an account was told how a feedback item stands. Each event states the whole notice, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import FeedbackNoticeEvent
from streams.core.newest import newest_of
from streams.core.rows_feedback import FeedbackNoticeRow


def rows(recorded: RecordedEvent) -> Sequence[FeedbackNoticeRow]:
    event: FeedbackNoticeEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        FeedbackNoticeRow(
            event.account_id,
            event.notice_id,
            event.item_id,
            event.state.lower(),
            event.contact_id or "",
            event.channel or "",
            event.occurred_at,
            event.event_id,
            event.is_test,
        ),
    )


FEEDBACK_NOTICE = newest_of("feedback_notice", FeedbackNoticeEvent, attrgetter("notice_id"), rows)
