"""Survey, billing and support events at one to three to ten, as a company with a busy service desk has them.

Beside the events of bench.mixed_billing there are three tickets to a unit. A ticket gets eight updates, each a round
later than the one before it: what one update brings comes together, two updates of a ticket hardly ever share a batch.
Most tickets wait for the requester and come back; some are handed over, held, escalated, opened again. Office hours
hold for all of them, service levels for those by e-mail and for those of high priority.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from bench import mixed_billing
from bench.mixed import MARKS, WINDOW, Templates, filled, of
from schemas.codec import Codec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.mixed import Fill, Kind, Record

_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
ROUNDS = 2
ROUND = 3 * WINDOW // ROUNDS
"""Tickets whose updates come together; a round has more support events than a batch takes."""
_PER_WINDOW = 29_700
_ACCOUNT_SHARE = 200
_LASTS = 6 * _DAY + _HOUR
_LONGEST = 7 * _DAY
_TICKET = {"ticket_id": MARKS[2].decode()}
_REQUESTER = {"author_type": "REQUESTER", "author_id": MARKS[3].decode(), "actor": "CUSTOMER"}
_AGENT = {"author_type": "AGENT", "author_id": "kim", "actor": "AGENT"}
_CHANNELS = (("email", (0, 3, 4, 7, 8)), ("web", (1, 5, 9)), ("chat", (2,)), ("discord", (6,)))
_SCALE = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0, "actor": "CUSTOMER"}
_HOURS = [
    {"weekday": day, "start_minute": start, "end_minute": start + 240} for day in range(1, 6) for start in (540, 840)
]
_TARGETS = [
    {"metric": "first_reply", "target_s": 8 * 3600, "business_hours": True},
    {"metric": "resolution", "target_s": 3 * 86_400, "business_hours": False},
]
_FASTER = [
    {"metric": "first_reply", "target_s": 3600, "business_hours": False},
    {"metric": "next_reply", "target_s": 4 * 3600, "business_hours": True},
    {"metric": "agent_work", "target_s": 8 * 3600, "business_hours": True},
]


def beginning(count: int, now: int) -> int:
    """When `count` records must begin to have happened by `now` (microseconds)."""
    return now - _windows(count) * _window_us(count) - _LASTS


def _windows(count: int) -> int:
    return count // _PER_WINDOW + 2


def _window_us(count: int) -> int:
    """Return the time between two windows (microseconds), so that all of `count` records happened within two weeks."""
    return min(mixed_billing.WINDOW_US, _LONGEST // _windows(count))


def records(count: int, start: int) -> Iterator[Record]:
    """`count` records, the same for the same arguments; an account has some ten tickets, however many there are."""
    return itertools.islice(_endless(start, _window_us(count), _accounts(count)), count)


def _accounts(count: int) -> int:
    return max(1, min(max(mixed_billing.FEWEST_ACCOUNTS, count // _ACCOUNT_SHARE), count // 10))


def set_up(count: int) -> int:
    """Return how many events beside reference data are taken in by the time all of that is, of `count` records."""
    return min(6 * _accounts(count), count // 4)


def _endless(start: int, step: int, accounts: int) -> Iterator[Record]:
    codec, number = Codec(), itertools.count()
    yield from _settings(Templates(codec, start - _DAY))
    for window, others in enumerate(mixed_billing.windows(codec, start, step, accounts, number)):
        yield from others
        for turn in range(window * ROUNDS, (window + 1) * ROUNDS):
            yield from _updates(codec, start, step, turn, accounts, number)


def _updates(codec: Codec, start: int, step: int, turn: int, accounts: int, number: Iterator[int]) -> Iterator[Record]:
    """Yield the first update of the newest tickets, the second of those a round older, and so on."""
    for update, kinds in enumerate(_LIFE):
        opened = turn - update
        if opened >= 0:
            templates = Templates(codec, start + opened * step // ROUNDS)
            tickets = range(opened * ROUND, (opened + 1) * ROUND)
            yield from filled("support", kinds(templates), tickets, accounts, number)


def _settings(templates: Templates) -> Iterator[Record]:
    told: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("schedule:default", "schedule_set", {"schedule_id": "default", "time_zone": "Europe/Rome", "hours": _HOURS}),
        ("sla:urgent", "sla_policy_set", {"policy_id": "urgent", "policy_version": "1", "position": 1,
                                          "match": {"priorities": ["high"]}, "targets": _FASTER}),
        ("sla:usual", "sla_policy_set", {"policy_id": "usual", "policy_version": "1", "position": 2,
                                         "match": {"channels": ["email"]}, "targets": _TARGETS}),
    )  # fmt: skip
    for number, (key, event_type, fields) in enumerate(told):
        fill = templates.of(event_type, 0, **fields, account_id=key, valid_from=templates.start)
        yield "config", key.encode(), fill((b"00000000-0000-4000-9000-%012x" % number, b"", b"", b""))


def _opened(templates: Templates) -> list[Kind]:
    """A question comes in; rules say what it is about, a bot answers at once, somebody takes it."""
    opened = [
        (templates.of("ticket_opened", 0, **_TICKET, channel=channel, requester_id=MARKS[3].decode(),
                      priority="normal", group_id="first line", actor="CUSTOMER"), _among(10, *numbers))
        for channel, numbers in _CHANNELS
    ]  # fmt: skip
    return [
        *opened,
        (_message(templates, 0, "1", _REQUESTER), _all),
        (templates.of("ticket_topic_set", _SECOND, **_TICKET, topic="billing", actor="SYSTEM"), _among(4, 0, 1, 2)),
        (_message(templates, _MINUTE, "2", {"author_type": "BOT", "actor": "BOT"}), of(3, 0)),
        (templates.of("ticket_assigned", 5 * _MINUTE, **_TICKET, assignee_id="kim"), _all),
    ]


def _replied(templates: Templates) -> list[Kind]:
    return [
        (_message(templates, 2 * _HOUR - _MINUTE, "3", _AGENT, is_public=False), of(8, 3)),
        (_message(templates, 2 * _HOUR, "4", _AGENT), _all),
        (templates.of("ticket_priority_changed", 2 * _HOUR, **_TICKET, priority="high"), of(5, 2)),
        (_turned(templates, 2 * _HOUR, "PENDING"), _all),
    ]


def _came_back(templates: Templates) -> list[Kind]:
    return [
        (_message(templates, 10 * _HOUR, "5", _REQUESTER), _among(10, 0, 1, 2, 3, 5, 6, 8, 9)),
        (_turned(templates, 10 * _HOUR, "OPEN"), _among(10, 0, 1, 2, 3, 5, 6, 8, 9)),
    ]


def _passed_on(templates: Templates) -> list[Kind]:
    escalated = templates.of("ticket_escalated", 19 * _HOUR, **_TICKET, kind="FUNCTIONAL", to_tier="second line")
    assigned = templates.of("ticket_assigned", 19 * _HOUR, **_TICKET, assignee_id="lee", group_id="second line")
    return [
        (escalated, of(8, 1)),
        (assigned, of(8, 1)),
        (_turned(templates, 20 * _HOUR, "HOLD"), of(8, 1)),
        (_message(templates, 20 * _HOUR, "6", _AGENT), _among(4, 0, 2, 3)),
        (_turned(templates, 20 * _HOUR, "PENDING"), _among(4, 0, 3)),
    ]


def _solved(templates: Templates) -> list[Kind]:
    return [
        (_message(templates, 30 * _HOUR, "7", _AGENT), _all),
        (templates.of("ticket_solved", 30 * _HOUR, **_TICKET, actor="AGENT"), _all),
        (templates.of("ticket_csat_offered", 31 * _HOUR, **_TICKET, actor="SYSTEM"), _among(4, 0, 1, 3)),
    ]


def _judged(templates: Templates) -> list[Kind]:
    return [
        (_message(templates, 40 * _HOUR, "8", _REQUESTER), of(8, 5)),
        (templates.of("ticket_reopened", 40 * _HOUR, **_TICKET, actor="CUSTOMER", by_message=True), of(8, 5)),
        (templates.of("ticket_csat_rated", 41 * _HOUR, **_TICKET, **_SCALE, score=5.0), _among(16, 0, 3, 7)),
        (templates.of("ticket_csat_rated", 41 * _HOUR, **_TICKET, **_SCALE, score=2.0, has_comment=True), of(16, 8)),
    ]


def _solved_again(templates: Templates) -> list[Kind]:
    return [
        (_message(templates, 50 * _HOUR, "9", _AGENT), of(8, 5)),
        (templates.of("ticket_solved", 50 * _HOUR, **_TICKET, actor="AGENT"), of(8, 5)),
    ]


def _closed(templates: Templates) -> list[Kind]:
    return [(_turned(templates, 6 * _DAY, "CLOSED"), lambda ticket: ticket % 20 > 0)]


_LIFE = (_opened, _replied, _came_back, _passed_on, _solved, _judged, _solved_again, _closed)


def _message(templates: Templates, after: int, named: str, author: dict[str, str], *, is_public: bool = True) -> Fill:
    return templates.of("message_added", after, **_TICKET, **author, message_id=named, is_public=is_public)


def _turned(templates: Templates, after: int, status: str) -> Fill:
    return templates.of("ticket_status_changed", after, **_TICKET, to_status=status, actor="AGENT")


def _among(every: int, *numbers: int) -> Callable[[int], bool]:
    return lambda ticket: ticket % every in numbers


def _all(_ticket: int) -> bool:
    return True
