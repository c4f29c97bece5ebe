"""Count what the demonstration's tickets amount to, in plain Python from the events that were sent."""

from __future__ import annotations

import statistics
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo.world import DAY, HOUR, POSITIVE_FROM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.demo.company import Company, Fields

Fact = tuple[int, str, Any]
Counted = tuple[float, float, int]
_HORIZON = 7 * DAY
_OUT = ("ticket_marked_spam", "ticket_deleted")
_KINDS = (
    "message_added", "message_changed", "ticket_status_changed", "ticket_solved", "ticket_escalated",
    "ticket_csat_offered", "ticket_csat_rated",
)  # fmt: skip


class Ticket(msgspec.Struct):
    """A ticket that counts, with its events by type in order of time; times in microseconds."""

    opened: Fields
    told: dict[str, list[Fields]]
    replies: list[int]
    solves: list[int]
    reopenings: list[int]

    @property
    def account(self) -> str:
        return str(self.opened["account_id"])

    @property
    def began(self) -> int:
        return int(self.opened["occurred_at"])

    @property
    def is_solved(self) -> bool:
        return len(self.solves) > len(self.reopenings)


def _turns(told: dict[str, list[Fields]]) -> Iterator[tuple[int, str]]:
    """Yield every status that a ticket was said to have, with when."""
    for fields in told["ticket_status_changed"]:
        yield fields["occurred_at"], fields["to_status"]
    for fields in told["ticket_solved"]:
        yield fields["occurred_at"], "SOLVED"


def _read(opened: Fields, told: dict[str, list[Fields]]) -> Ticket:
    private = {fields["message_id"] for fields in told["message_changed"] if not fields["is_public"]}
    replies = [
        fields["occurred_at"]
        for fields in told["message_added"]
        if fields["author_type"] == "AGENT" and fields.get("is_public", True) and fields["message_id"] not in private
    ]
    solves: list[int] = []
    reopenings: list[int] = []
    solved = False
    for at, status in sorted(_turns(told)):
        if (status == "SOLVED") != solved:
            (reopenings if solved else solves).append(at)
        solved = status == "SOLVED"
    return Ticket(opened, told, replies, solves, reopenings)


def tickets(company: Company) -> list[Ticket]:
    """Return the tickets that count: neither tests nor removed."""
    told: dict[str, dict[str, list[Fields]]] = defaultdict(lambda: defaultdict(list))
    for kind in _KINDS:
        for fields in company.of(kind):
            told[fields["ticket_id"]][kind].append(fields)
    gone = {fields["ticket_id"] for kind in _OUT for fields in company.of(kind)}
    return [
        _read(opened, told[opened["ticket_id"]])
        for opened in company.of("ticket_opened")
        if opened["ticket_id"] not in gone and not opened["is_test"]
    ]


def _share(facts: list[bool]) -> Counted:
    return 100 * sum(facts) / len(facts), sum(facts), len(facts)


def _median(facts: list[float]) -> Counted:
    return statistics.median(facts), sum(facts), len(facts)


def _mean(facts: list[float]) -> Counted:
    return statistics.fmean(facts), sum(facts), len(facts)


def facts(company: Company) -> Iterator[tuple[str, list[Fact], Callable[[Any], Counted]]]:
    """Yield each metric's name, its facts, and how its figures follow from them."""
    every = tickets(company)
    solved = [each for each in every if each.solves]
    finished = [(each, each.solves[-1]) for each in every if each.is_solved]
    yield "first_reply", [(t.began, t.account, (t.replies[0] - t.began) / HOUR) for t in every if t.replies], _median
    yield "first_resolution", [(t.solves[0], t.account, (t.solves[0] - t.began) / HOUR) for t in solved], _median
    yield "full_resolution", [(at, t.account, (at - t.began) / HOUR) for t, at in finished], _median
    yield "replies_per_ticket", [(at, t.account, len(t.replies)) for t, at in finished], _mean
    again = [bool(t.reopenings) and t.reopenings[0] <= t.solves[0] + _HORIZON for t in solved]
    yield "reopen_rate", [(t.solves[0], t.account, late) for t, late in zip(solved, again, strict=True)], _share
    once = [len(t.replies) == 1 and not t.reopenings for t in solved]
    yield "one_touch_rate", [(t.solves[0], t.account, one) for t, one in zip(solved, once, strict=True)], _share
    yield "escalation_rate", [(t.began, t.account, bool(t.told["ticket_escalated"])) for t in every], _share
    asked = [(t, t.told["ticket_csat_offered"][0]["occurred_at"]) for t in every if t.told["ticket_csat_offered"]]
    yield "ticket_csat_response_rate", [(at, t.account, bool(t.told["ticket_csat_rated"])) for t, at in asked], _share
    ratings = [(t.account, t.told["ticket_csat_rated"][-1]) for t in every if t.told["ticket_csat_rated"]]
    yield "ticket_csat", [(r["occurred_at"], account, r["score"] >= POSITIVE_FROM) for account, r in ratings], _share
