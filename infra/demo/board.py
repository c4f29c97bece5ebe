"""The company's board: what accounts asked for in their answers, how far it got, and who was told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo.voice import Told, Voice
from infra.demo.world import ACCOUNTS, DAY, HOUR, START, TOPICS, Account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OFFICE = Account("demo-office", "The company itself", "EE", 0.0, ())
WEEK = 7 * DAY


class Item(msgspec.Struct, frozen=True):
    """An item of the board: its topic, its states by week, and the item that it is merged into."""

    id: str
    title: str
    topic: str
    states: tuple[tuple[int, str], ...] = ()
    merged: tuple[int, str] | None = None


_THINGS = (
    "Export as CSV", "Single sign-on", "Dark mode", "Weekly report", "Reminders by text", "Two languages", "Own domain",
    "Logo on surveys", "Answers by chat", "Shared views",
)  # fmt: skip
_TAKEN_BACK = ((1, "PLANNED"), (2, "IN_PROGRESS"), (4, "SHIPPED"), (5, "IN_PROGRESS"), (9, "SHIPPED"))
"""Shipped, and shipped again."""


def _shipped(number: int, title: str) -> Item:
    """Return an item that ships between the fifth and the tenth week."""
    done = 5 + number % 6
    states = ((1, "TRIAGED"), (2, "PLANNED"), (done - 2, "IN_PROGRESS"), (done, "SHIPPED"))
    topic = sorted(TOPICS)[number % len(TOPICS)]
    return Item(f"demo-item-{number:02d}", title, topic, _TAKEN_BACK if title == "Single sign-on" else states)


ITEMS = (
    *(_shipped(number, title) for number, title in enumerate(_THINGS)),
    Item("demo-duplicate", "Spreadsheets", "onboarding", merged=(3, "demo-item-00")),
    Item("demo-declined", "Answers by fax", "price", ((2, "TRIAGED"), (5, "DECLINED"))),
    Item("demo-planned", "Forecasts", "product", ((2, "PLANNED"),)),
    Item("demo-new", "Voice answers", "support"),
)
_OUTCOMES = ("SHIPPED", "DECLINED")


class Board(Voice):
    """Tells the lives of items, under the company's own account."""

    def lives(self) -> Iterator[Told]:
        """Yield how each item opened, went through its states and was merged."""
        for item in ITEMS:
            yield self.event(
                "feedback_item_opened", START, item_id=item.id, title=item.title, topic_id=item.topic, actor="AGENT"
            )
            for week, state in item.states:
                yield self.event(
                    "feedback_item_state_changed", START + week * WEEK, item_id=item.id, state=state, actor="AGENT"
                )
            if item.merged is not None:
                week, target = item.merged
                yield self.event("feedback_item_merged", START + week * WEEK, item_id=item.id, target_item_id=target)


class Asker(Voice):
    """Tells what one account asked for, and what it was told."""

    def story(self, answers: Iterable[dict[str, Any]]) -> Iterator[Told]:
        """Yield requests in some of the account's answers, and notices to it; some come before the outcome."""
        asked: set[Item] = set()
        for answer in answers:
            if not self.often(0.3):
                continue
            item = self.chance.choice(ITEMS)
            asked.add(item)
            yield self.event(
                "feedback_item_linked", answer["occurred_at"] + HOUR, link_id=self.name("request"), item_id=item.id,
                response_id=answer["response_id"], contact_id=answer["contact_id"], has_quote=self.often(0.7),
                asked_at=answer["submitted_at"], is_test=answer.get("is_test", False), actor="AGENT",
            )  # fmt: skip
        for item in sorted(asked, key=lambda each: each.id):
            for week, state in item.states:
                if state in (*_OUTCOMES, "IN_PROGRESS") and self.often(0.9):
                    # Well before the outcome or well after it: no figure hangs on the border's exact place.
                    at = START + week * WEEK + self.chance.choice((-DAY, DAY, DAY, 2 * DAY, 5 * DAY))
                    yield self.event(
                        "reporter_notified", at, notice_id=self.name("notice"), item_id=item.id, state=state,
                        channel="email", actor="AGENT",
                    )  # fmt: skip


def tell(stories: Iterable[list[Told]], seed: int) -> list[Told]:
    """Return the board and all that accounts had to do with it, from the stories of their answers."""
    told = list(Board(OFFICE, seed, "/board").lives())
    for account, story in zip(ACCOUNTS, stories, strict=True):
        answers = [fields for kind, fields in story if kind == "response_submitted"]
        told += Asker(account, seed, "/board").story(answers)
    return sorted(told, key=lambda each: each[1]["occurred_at"])
