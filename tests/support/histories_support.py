"""Hypothesis strategies: short histories of a few tickets of one account, and touches outside of them.

Few tickets, messages, people and hours, so that events meet: replies before questions, solves before the opening,
reopenings by messages, ratings repeated, merges and restorations, all with ties.
"""

from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    MessageAdded,
    MessageChanged,
    SlaTargetApplied,
    TicketAssigned,
    TicketCsatOffered,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMerged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
    TouchLogged,
)
from streams.core.support.sla_policy import METRICS
from tests.support.histories import ENVELOPE, HOUR, START, histories_of, times

Strategy = st.SearchStrategy[Any]
ACTORS = st.sampled_from(["CUSTOMER", "AGENT", "BOT", "SYSTEM", "UNKNOWN"])
STATUSES = ["NEW", "OPEN", "PENDING", "HOLD", "SOLVED", "CLOSED"]
_CROWDED = st.integers(0, 4).map(lambda hours: START + hours * HOUR)
_TICKET: dict[str, Any] = ENVELOPE | {
    "occurred_at": times | _CROWDED,
    "ticket_id": st.sampled_from(["t1", "t1", "t2"]),
    "actor": ACTORS,
}
_agents = st.sampled_from([None, "a1", "a2"])
_messages = st.sampled_from(["m1", "m2", "m3"])
_words = st.sampled_from([None, "low", "high"])
_priorities = st.sampled_from([None, "low", "urgent", "Urgent"])
SUPPORT: dict[str, Strategy] = {
    "ticket_opened": st.builds(
        TicketOpened,
        **_TICKET,
        channel=st.sampled_from(["email", "discord"]),
        requester_id=st.none() | st.just("c1"),
        created_by_agent=st.booleans(),
        priority=_priorities,
        assignee_id=_agents,
        schedule_id=st.none() | st.just("night"),
        status=st.sampled_from([*["NEW"] * 4, "OPEN", "SOLVED", "CLOSED"]),
    ),
    "message_added": st.builds(
        MessageAdded,
        **_TICKET,
        message_id=_messages,
        author_type=st.sampled_from(["REQUESTER", "REQUESTER", "AGENT", "AGENT", "BOT", "UNKNOWN"]),
        author_id=_agents,
        is_public=st.sampled_from([True, True, False]),
        session_id=st.none() | st.just("s1"),
    ),
    "message_changed": st.builds(
        MessageChanged,
        **_TICKET,
        message_id=_messages,
        is_public=st.sampled_from([None, True, False]),
        is_redacted=st.booleans(),
    ),
    "ticket_status_changed": st.builds(
        TicketStatusChanged,
        **_TICKET,
        to_status=st.sampled_from(STATUSES),
        custom_status=st.none() | st.just("waiting for parts"),
    ),
    "ticket_solved": st.builds(TicketSolved, **_TICKET, assignee_id=_agents),
    "ticket_reopened": st.builds(
        TicketReopened, **_TICKET, reopened_by=st.none() | st.just("c1"), by_message=st.booleans()
    ),
    "ticket_assigned": st.builds(
        TicketAssigned, **_TICKET, assignee_id=_agents, group_id=st.none() | st.just("second line")
    ),
    "ticket_priority_changed": st.builds(TicketPriorityChanged, **_TICKET, priority=_priorities),
    "ticket_topic_set": st.builds(TicketTopicSet, **_TICKET, topic=_words),
    "ticket_escalated": st.builds(
        TicketEscalated, **_TICKET, kind=st.sampled_from(["HIERARCHICAL", "FUNCTIONAL"]), to_tier=_words
    ),
    "ticket_csat_offered": st.builds(TicketCsatOffered, **_TICKET),
    "ticket_csat_rated": st.builds(
        TicketCsatRated,
        **_TICKET,
        score=st.sampled_from([1.0, 4.0, 5.0]),
        scale_min=st.just(1.0),
        scale_max=st.just(5.0),
        positive_from=st.just(4.0),
    ),
    "ticket_merged": st.builds(TicketMerged, **_TICKET, target_ticket_id=st.just("t3")),
    "ticket_deleted": st.builds(TicketDeleted, **_TICKET),
    "ticket_restored": st.builds(TicketRestored, **_TICKET),
    "ticket_marked_spam": st.builds(TicketMarkedSpam, **_TICKET),
    "sla_target_applied": st.builds(
        SlaTargetApplied,
        **_TICKET,
        metric=st.sampled_from(METRICS),
        target_s=st.sampled_from([1, 3_600, 86_400, 10 * 366 * 86_400]),
        business_hours=st.booleans(),
        instance_no=st.sampled_from([None, None, 1, 2]),
    ),
    "touch_logged": st.builds(
        TouchLogged,
        **ENVELOPE,
        touch_id=st.sampled_from(["w1", "w2"]),
        kind=st.just("call"),
        direction=st.sampled_from(["INBOUND", "OUTBOUND"]),
    ),
}
_OFTEN = ("ticket_opened", "message_added", "message_added", "ticket_status_changed")
_EVENTS = st.one_of(*SUPPORT.values(), *(SUPPORT[name] for name in _OFTEN))


_MESSAGE = st.builds(
    MessageAdded,
    **(_TICKET | {"ticket_id": st.just("t1"), "entity_version": st.none()}),
    message_id=st.integers(1, 99).map(str),
    author_type=st.sampled_from(["REQUESTER", "AGENT", "BOT"]),
    is_public=st.sampled_from([True, True, False]),
)
_CHATTER = st.one_of(
    *[_MESSAGE] * 5, *(SUPPORT[name] for name in ("ticket_opened", "message_changed", "ticket_solved"))
)


def chatter(max_size: int = 10) -> st.SearchStrategy[list[RecordedEvent]]:
    """Many messages of one ticket in any order, few of them told of twice, and little else."""
    return histories_of(_CHATTER, max_size)


_TURNS = ("ticket_opened", "ticket_status_changed", "ticket_deleted", "ticket_restored", "ticket_priority_changed")
_CROWD = st.one_of(*(SUPPORT[name] for name in _TURNS), _EVENTS).filter(
    lambda event: not isinstance(event, TouchLogged)
)


def _crowd(event: Any) -> Any:
    at = START + event.occurred_at // HOUR % 4 * HOUR
    return msgspec.structs.replace(event, ticket_id="t1", occurred_at=at)


def crowded(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of one ticket within four moments, so that nearly all of it happens at once."""
    return histories_of(_CROWD.map(_crowd), max_size)


_ASKED = st.builds(
    MessageAdded,
    **(_TICKET | {"entity_version": st.none()}),
    message_id=st.integers(1, 99).map(str),
    author_type=st.just("REQUESTER"),
    is_public=st.just(True),
)
_ENDS = ("ticket_solved", "ticket_solved", "ticket_reopened", "ticket_topic_set", "ticket_topic_set")
_RATES = ("ticket_csat_offered", "ticket_csat_rated", "message_changed")
_ENDED = st.one_of(_ASKED, _ASKED, _ASKED, *(SUPPORT[name] for name in (*_ENDS, *_RATES)))
_OPENING = TicketOpened(
    event_id="00000000-0000-4000-8000-000000000099",
    account_id="acme",
    occurred_at=START,
    source="ovey:main",
    ticket_id="t1",
    channel="email",
    requester_id="c1",
)


def _plainly(event: Any) -> Any:
    return msgspec.structs.replace(event, ticket_id="t1", entity_version=None, is_test=False)


def ended(max_size: int = 8) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of one ticket that was opened: asked by messages, topics and ratings told of, solved, opened again."""
    return histories_of(_ENDED.map(_plainly), max_size).map(
        lambda recorded_events: [RecordedEvent(_OPENING, START), *recorded_events]
    )


_TURNED = st.one_of(_ASKED, _ASKED, SUPPORT["ticket_solved"], SUPPORT["ticket_reopened"])


def asked(max_size: int = 5) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of one ticket that was opened: messages of its requester, solved, opened again, in any order."""
    return histories_of(_TURNED.map(_plainly), max_size).map(
        lambda recorded_events: [RecordedEvent(_OPENING, START), *recorded_events]
    )


def support_histories(max_size: int = 10) -> st.SearchStrategy[list[RecordedEvent]]:
    """Histories of two tickets and two touches."""
    return histories_of(_EVENTS, max_size)
