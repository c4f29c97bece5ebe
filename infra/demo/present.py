"""Tell the eighteen weeks before a day: who is at risk on it and why, what renews in the quarter to come, who is new.

What an account comes to is said once, in LOTS. The same day gives the same events, and another day others.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from infra.demo import catching_up, desk, judging, using
from infra.demo.deals import DEALS, PERIOD
from infra.demo.ruling import settings
from infra.demo.story import Teller
from infra.demo.voice import Told, Voice
from infra.demo.world import ACCOUNTS, DAY, HOUR, PODS, RELATION, Account, Chapter, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Turn = Literal["", "card_fails", "owes", "paid_late", "leaving", "unheard", "urgent", "overridden", "neglected", "new"]

WEEKS = 18
"""Long enough for a base of 90 days before the last 30, against which tickets are held."""
EARLIEST = dt.date(2025, 12, 1)
SOURCES = "demo:2"
"""The beginning of the source of every such chapter; the day follows."""
_YEAR = 365 * DAY
_BILLED = (117, 87, 57, 27)
"""Days before the day on which invoices are issued."""
_TRIES = (0, 3, 7)
NEWCOMER = Account("demo-maple", "Maple Robotics", "SE", 0.3, (Stage(0, "growth", "mgr-dia"),))


class Paper(msgspec.Struct, frozen=True):
    """A contract of a year: its value in minor units, days from the day until it is due, and whether it is renewed."""

    value: int
    currency: str
    due: int
    is_renewed: bool = False
    auto_renew: bool = False


class Lot(msgspec.Struct, frozen=True):
    """The turn that an account takes, and its contract."""

    turn: Turn = ""
    paper: Paper | None = None


LOTS: dict[str, Lot] = {
    "demo-acorn": Lot("urgent", paper=Paper(9_000_000, "EUR", 45)),
    "demo-dahlia": Lot("card_fails", Paper(2_700_000, "USD", 130)),
    "demo-elder": Lot("owes", Paper(8_100_000, "USD", 60)),
    "demo-fern": Lot("leaving"),
    "demo-gorse": Lot("paid_late", Paper(6_300_000, "USD", 20, is_renewed=True)),
    "demo-hazel": Lot("overridden", Paper(1_700_000, "EUR", 80, auto_renew=True)),
    "demo-iris": Lot("neglected"),
    "demo-juniper": Lot("unheard", Paper(1_400_000, "EUR", 85)),
    "demo-larch": Lot(paper=Paper(4_500_000, "USD", 25)),
    "demo-maple": Lot("new"),
}
"""By account; the others have left, or never came. Larch counts as Elder, so what it brings in is Elder's."""


def chapter(day: dt.date) -> Chapter:
    """Return the weeks that end as a day begins. Raises ValueError for a day too near to the past that is told."""
    if day < EARLIEST:
        raise ValueError(f"the demonstration tells of days from {EARLIEST} on, not of {day}")
    end = int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp()) * 1_000_000
    begin = end - WEEKS * 7 * DAY
    return Chapter(begin, WEEKS, f"demo:{day}", "now", asked=(4, 7), tickets=(1, 2), called=1.0)


class Present(Voice):
    """Tells what has become of one account."""

    def __init__(self, account: Account, seed: int, now: Chapter, subscription: str) -> None:
        super().__init__(account, seed, "/present", now)
        self.lot, self._subscription, self._day = LOTS[account.id], subscription, now.end

    def story(self) -> Iterator[Told]:
        yield from self._talks()
        yield from self._bills()
        if self.lot.paper is not None:
            yield from self._signed(self.lot.paper)
        yield from self._turned()

    @property
    def manager(self) -> str:
        return self.account.stages[-1].manager

    def _talks(self) -> Iterator[Told]:
        """Yield a call of the manager every four weeks, the last one days ago; nobody calls whom all forget."""
        if self.lot.turn == "neglected":
            return
        for weeks in range(1, self.chapter.weeks, 4):
            at = self._day - weeks * 7 * DAY + 2 * DAY + 10 * HOUR
            yield self.event("touch_logged", at, touch_id=self.name("call"), kind="call", direction="OUTBOUND",
                             manager_id=self.manager, contact_id=f"{self.account.id}-contact-00",
                             duration_s=900, actor="AGENT")  # fmt: skip

    def _bills(self) -> Iterator[Told]:
        """Yield an invoice for each period, and its payment, or what the account's lot has instead."""
        deal = DEALS.get(self.account.id, DEALS["demo-dahlia"])
        money = {"currency": deal.currency, "exponent": deal.exponent}
        total = deal.seat * deal.seats
        for days in _BILLED:
            at = self._day - days * DAY + 9 * HOUR
            invoice = self.name("invoice")
            terms = 0 if deal.by_card else 30 * DAY
            method = "CHARGE_AUTOMATICALLY" if deal.by_card else "SEND_INVOICE"
            yield self.event("invoice_issued", at, invoice_id=invoice, issued_at=at, due_at=at + terms, total=total,
                             lines=[], collection_method=method, billing_reason="RENEWAL", **money)  # fmt: skip
            if self.lot.turn == "card_fails" and days == _BILLED[-1]:
                for attempt, after in enumerate(_TRIES, start=1):
                    yield self.event("invoice_payment_failed", at + after * DAY + HOUR, invoice_id=invoice,
                                     attempt_no=attempt, amount=total, failure_code="card_expired",
                                     failure_kind="HARD", **money)  # fmt: skip
                continue
            if self.lot.turn == "owes" and days == _BILLED[0]:
                continue
            wait = HOUR if deal.by_card else 20 * DAY
            if self.lot.turn == "paid_late" and days == _BILLED[0]:
                # Two months and more after it was due: for some days it was a risk.
                wait = 107 * DAY
            yield self.event("invoice_paid", at + wait, invoice_id=invoice, amount=total, paid_at=at + wait,
                             payment_id=self.name("payment"), method="card" if deal.by_card else "bank_transfer",
                             **money)  # fmt: skip

    def _signed(self, paper: Paper) -> Iterator[Told]:
        due = self._day + paper.due * DAY
        of = {"contract_id": self.name("contract"), "currency": paper.currency, "exponent": 2}
        own = {"auto_renew": True, "notice_days": 30} if paper.auto_renew else {}
        yield self.event("contract_set", self.chapter.begin + DAY, term_kind="FIXED", starts_at=due - _YEAR,
                         ends_at=due, annual_value=paper.value, **of, **own)  # fmt: skip
        if paper.is_renewed:
            at = self._day - 10 * DAY
            yield self.event("renewal_decided", at, outcome="RENEWED", amount=paper.value, decided_at=at, **of)

    def _turned(self) -> Iterator[Told]:
        """Yield what makes this account another case than its neighbours."""
        match self.lot.turn:
            case "leaving":
                at = self._day - 6 * DAY + 11 * HOUR
                yield self.event("subscription_cancel_scheduled", at, subscription_id=self._subscription,
                                 effective_at=at, ends_at=self._day + 20 * DAY, reason="VOLUNTARY",
                                 actor="CUSTOMER")  # fmt: skip
            case "unheard":
                yield self._complaint(self._day - 6 * DAY + 12 * HOUR)
            case "urgent":
                for days in (5, 2):
                    yield from self._outage(self._day - days * DAY + 8 * HOUR)
            case "overridden":
                at = self._day - 9 * DAY + 10 * HOUR
                yield self._judged(at, self._day + 21 * DAY, "red", "Their sponsor has left, and nobody follows")
            case "neglected":
                at = self._day - 60 * DAY
                yield self._judged(at, self._day - 20 * DAY, "green", "The founder said that all is well")
            case "new":
                yield from self._joined(self._day - 45 * DAY + 9 * HOUR)
            case _:
                return

    def _complaint(self, at: int) -> Told:
        """Return a detractor's answer that nobody has called about."""
        answers = [
            {"question_id": "recommend", "kind": "NPS", "number": 2.0},
            {"question_id": "why", "kind": "TEXT", "text": "Third month without the export we were promised"},
        ]
        return self.event("response_submitted", at, response_id=self.name("complaint"), survey_id=RELATION,
                          survey_version=1, contact_id=f"{self.account.id}-contact-00", started_at=at, submitted_at=at,
                          finished=True, language="en", actor="CUSTOMER", answers=answers, is_test=False)  # fmt: skip

    def _outage(self, at: int) -> Iterator[Told]:
        ticket, contact = {"ticket_id": self.name("outage")}, f"{self.account.id}-contact-01"
        yield self.event("ticket_opened", at, channel="email", requester_id=contact, topic="product",
                         priority="urgent", actor="CUSTOMER", **ticket)  # fmt: skip
        yield self.event("message_added", at, message_id=self.name("message"), author_type="REQUESTER",
                         author_id=contact, **ticket)  # fmt: skip
        yield self.event("ticket_assigned", at + HOUR, assignee_id="agt-uma", **ticket)

    def _judged(self, at: int, until: int, band: str, reason: str) -> Told:
        return self.event("health_override_set", at, override_id=self.name("override"), band=band, reason=reason,
                          set_by=self.manager, set_at=at, expires_at=until, actor="AGENT")  # fmt: skip

    def _joined(self, at: int) -> Iterator[Told]:
        """Yield a new customer whose onboarding stands still after its first milestone."""
        stage = self.account.stages[0]
        yield self.event("account_upserted", at - 5 * DAY, name=self.account.name, segment=stage.segment,
                         country=self.account.country, lifecycle="customer")  # fmt: skip
        yield self.event("manager_assigned", at - 5 * DAY, manager_id=stage.manager, role="OWNER",
                         pod_id=PODS[stage.manager], valid_from=at - 5 * DAY, valid_to=None)  # fmt: skip
        seats = {"item_id": "seats", "plan_id": "demo-team", "product_line": "surveys", "quantity": 20,
                 "unit_amount": 1_500, "interval": "MONTH", "discounts": []}  # fmt: skip
        yield self.event("subscription_started", at, subscription_id=self.name("subscription"), status="ACTIVE",
                         items=[seats], effective_at=at, period_start=at, period_end=at + PERIOD, currency="USD",
                         exponent=2)  # fmt: skip
        onboarding = {"onboarding_id": self.name("onboarding")}
        milestones = [
            {"milestone_code": "kickoff", "planned_at": at + 7 * DAY},
            {"milestone_code": "first_project", "planned_at": at + 30 * DAY, "is_first_value": True},
        ]
        yield self.event("onboarding_planned", at, **onboarding, starts_at=at, start_kind="CONTRACT",
                         milestones=milestones)  # fmt: skip
        yield self.event("milestone_reached", at + 4 * DAY, **onboarding, milestone_code="kickoff",
                         reached_at=at + 4 * DAY)  # fmt: skip


def _newest(stories: Mapping[str, list[Told]], account: str) -> str:
    """Return the subscription that an account started last."""
    started = [fields for kind, fields in stories.get(account, []) if kind == "subscription_started"]
    paid = [fields for fields in started if not fields.get("is_test")]
    return str(paid[-1]["subscription_id"]) if paid else ""


def tell(day: dt.date, money: Mapping[str, list[Told]], seed: int) -> list[list[Told]]:
    """Return the stories of the weeks before a day, none of whose events is later; ``money`` is the past, by account.

    Raises ValueError for a day before EARLIEST.
    """
    now = chapter(day)
    stories = [settings(now, seed)]
    for account in (*ACCOUNTS, NEWCOMER):
        if account.id not in LOTS:
            continue
        told = list(Present(account, seed, now, _newest(money, account.id)).story())
        since = min((fields["occurred_at"] for kind, fields in told if kind == "subscription_started"), default=0)
        surveys = sorted(Teller(account, seed, "", now).weeks(), key=lambda each: each[1]["occurred_at"])
        told += surveys
        if LOTS[account.id].turn != "neglected":
            told += catching_up.tell(account, surveys, seed, now)
            told += [*desk.tell(account, seed, now), *judging.tell(account, seed, now)]
        told += using.tell(account, seed, now)
        stories.append([each for each in told if since - 5 * DAY <= each[1]["occurred_at"] < now.end])
    return stories
