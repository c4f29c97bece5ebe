"""The service desk of one account: tickets over several channels, answered, escalated, solved, reopened and rated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, HOUR, PAST, POSITIVE_FROM, TOPICS, Account, Chapter

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTE = HOUR // 60
_CHANNELS = ("email", "email", "discord", "phone", "in_app")
_AGENTS = ("agt-uma", "agt-vic", "agt-wes")


class Desk(Voice):
    """Tells an account's tickets; each moment of a ticket is its own, so no figure hangs on the order of equals."""

    def tickets(self) -> Iterator[Told]:
        for week in range(self.chapter.weeks):
            monday = self.chapter.begin + week * 7 * DAY
            for _ in range(self.chance.randint(*self.chapter.tickets)):
                yield from self._ticket(monday + self.chance.randrange(7 * DAY))

    def _ticket(self, at: int) -> Iterator[Told]:
        ticket = {"ticket_id": self.name("ticket"), "is_test": self.often(0.02)}
        contact = f"{self.account.id}-contact-{self.chance.randrange(30):02d}"
        channel, agent = self.chance.choice(_CHANNELS), self.chance.choice(_AGENTS)
        yield self.event(
            "ticket_opened", at, channel=channel, requester_id=contact, topic=self.chance.choice(sorted(TOPICS)),
            priority=self.chance.choice(("low", "normal", "high")), actor="CUSTOMER", **ticket,
        )  # fmt: skip
        yield self._said(at, "REQUESTER", contact, ticket)
        if self.often(0.3):
            yield self._said(at + _MINUTE, "BOT", "bot", ticket)
        if self.often(0.04):
            ending = self.chance.choice(("ticket_marked_spam", "ticket_deleted"))
            yield self.event(ending, at + 30 * _MINUTE, **ticket)
            return
        yield self.event("ticket_assigned", at + 10 * _MINUTE, assignee_id=agent, **ticket)
        if self.often(0.1):
            kind = self.chance.choice(("HIERARCHICAL", "FUNCTIONAL"))
            yield self.event("ticket_escalated", at + 20 * _MINUTE, kind=kind, to_tier="tier 2", **ticket)
        yield from self._answered(at, contact, agent, ticket)

    def _said(self, at: int, author: str, name: str, ticket: dict[str, Any], **fields: Any) -> Told:
        return self.event(
            "message_added", at, message_id=self.name("message"), author_type=author, author_id=name, **fields, **ticket
        )

    def _answered(self, at: int, contact: str, agent: str, ticket: dict[str, Any]) -> Iterator[Told]:
        for turn in range(self.chance.choice((1, 1, 2, 3))):
            if turn:
                at += self.chance.choice((HOUR, 5 * HOUR, DAY)) + _MINUTE
                yield self._said(at, "REQUESTER", contact, ticket)
                yield self.event("ticket_status_changed", at + 1, to_status="OPEN", **ticket)
            if self.often(0.2):
                yield self._said(at + 30 * _MINUTE, "AGENT", agent, ticket, is_public=False)
            at += self.chance.choice((HOUR, 3 * HOUR, 9 * HOUR, 30 * HOUR)) + self.chance.randrange(HOUR)
            reply = self._said(at, "AGENT", agent, ticket)
            yield reply
            yield self.event("ticket_status_changed", at + 1, to_status="PENDING", **ticket)
            if self.often(0.05):
                yield self.event(
                    "message_changed", at + 40 * _MINUTE, message_id=reply[1]["message_id"], is_public=False, **ticket
                )
        if self.often(0.95):
            yield from self._solved(at + HOUR, contact, agent, ticket)

    def _solved(self, at: int, contact: str, agent: str, ticket: dict[str, Any]) -> Iterator[Told]:
        yield self.event("ticket_solved", at, **ticket)
        if self.often(0.2):
            # Well inside the horizon of seven days or well after it: no figure hangs on the border's exact place.
            at += self.chance.choice((2 * DAY, 20 * DAY))
            yield self._said(at, "REQUESTER", contact, ticket)
            yield self.event("ticket_status_changed", at + 1, to_status="OPEN", actor="CUSTOMER", **ticket)
            if self.often(0.2):
                return
            at += 5 * HOUR
            yield self._said(at, "AGENT", agent, ticket)
            at += HOUR
            yield self.event("ticket_status_changed", at, to_status="SOLVED", **ticket)
        if self.often(0.7):
            yield from self._rated(at + 2 * HOUR, ticket)

    def _rated(self, at: int, ticket: dict[str, Any]) -> Iterator[Told]:
        yield self.event("ticket_csat_offered", at, **ticket)
        scale = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": POSITIVE_FROM}
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            at += DAY
            score = min(5.0, max(1.0, float(round(self.chance.gauss(4 + self.account.warmth, 1.2)))))
            yield self.event("ticket_csat_rated", at, score=score, **scale, **ticket)


def tell(account: Account, seed: int, chapter: Chapter = PAST) -> list[Told]:
    """Return all that the desk had to do with an account, ordered by when it happened."""
    return sorted(Desk(account, seed, "/desk", chapter).tickets(), key=lambda told: told[1]["occurred_at"])
