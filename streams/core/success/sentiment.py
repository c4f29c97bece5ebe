"""Judgements of managers on the relationship with an account: each event states one whole, so the newest stands.

How long a judgement holds is no part of it: views read when the next came, who owned the account, and the setting that
says after how many days it is out of date. So an assignment or a setting that is told late reaches all judgements.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import ManagerSentimentEvent, ManagerSentimentSet
from streams.core.health.facts import Fact, Stated
from streams.core.newest import newest_of
from streams.core.rows_relationship import ManagerSentimentRow


def rows(recorded: RecordedEvent) -> Sequence[ManagerSentimentRow]:
    event: ManagerSentimentSet = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        ManagerSentimentRow(
            event.account_id,
            event.sentiment_id,
            event.manager_id,
            event.sentiment,
            event.note_present,
            event.set_at,
            event.is_test,
            event.source,
            event.event_id,
            recorded.ingested_at,
        ),
    )


def facts(recorded: RecordedEvent) -> Iterable[Fact]:
    """Yield the judgement, and whose it is."""
    event: ManagerSentimentSet = recorded.event  # type: ignore[assignment] # routed here by its type
    at, member, by = event.set_at, event.sentiment_id, event.event_id
    yield Stated(at, "manager_sentiment", member, "sentiment", by, "sentiment", event.sentiment)
    yield Stated(at, "manager_sentiment", member, "sentiment_by", by, "sentiment_by", event.manager_id)


MANAGER_SENTIMENT = newest_of("manager_sentiment", ManagerSentimentEvent, attrgetter("sentiment_id"), rows, facts=facts)
