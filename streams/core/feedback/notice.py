"""Notices: an account was told how a feedback item stands. Each event states the whole notice, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import FeedbackNoticeEvent
from streams.core.newest import Newest, projection_of, take_newest
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


FEEDBACK_NOTICE = Reducer(
    kind="feedback_notice",
    prefix=PREFIXES["feedback_notice"],
    events=FeedbackNoticeEvent,
    identify=attrgetter("notice_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(rows),
)
