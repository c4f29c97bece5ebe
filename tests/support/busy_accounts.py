"""Accounts with much of everything that health reads, over months: histories of all topics, by a random number."""

import random
from typing import Any

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    AccountUpserted,
    Answer,
    DueDateChanged,
    DunningEnded,
    HealthOverrideSet,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    ManagerAssigned,
    ManagerSentimentSet,
    MessageAdded,
    MilestoneReached,
    OnboardingPlanned,
    PlannedMilestone,
    ResponseSubmitted,
    SubscriptionCancelScheduled,
    SubscriptionCancelUnscheduled,
    SubscriptionChanged,
    SubscriptionStarted,
    TicketCsatRated,
    TicketEscalated,
    TicketOpened,
    TicketReopened,
    TicketStatusChanged,
    TouchLogged,
    UsageReported,
)
from tests.support.billing import item

DAY = 86_400_000_000


class Busy:
    """Tells the events of one account; `first` is a moment, days count from there. Some are stored late."""

    def __init__(self, chance: random.Random, first: int, days: int) -> None:
        self.chance, self.first, self.days = chance, first, days
        self.recorded_events: list[RecordedEvent] = []

    def at(self, day: float) -> int:
        return self.first + int(day * DAY)

    def any_day(self) -> float:
        return self.chance.random() * self.days

    def tell(self, kind: type[Any], day: float, /, **fields: Any) -> None:
        number = len(self.recorded_events)
        event = kind(
            event_id=f"{number:08d}-0000-4000-8000-000000000179", account_id="acme", occurred_at=self.at(day),
            source="busy:main", **fields,
        )  # fmt: skip
        late = self.chance.choice([0, 0, 0, 1, 20]) * DAY
        self.recorded_events.append(RecordedEvent(event, self.at(day) + late))

    def all(self) -> list[RecordedEvent]:
        """Tell of everything, and return it in the order in which it was stored."""
        chance = self.chance
        self.tell(AccountUpserted, chance.random() * 3, name="Acme", segment=chance.choice([None, "large", "small"]))
        for number in range(chance.randrange(4, 14)):
            self.ticket(f"t{number}", self.any_day())
        for number in range(chance.randrange(1, 6)):
            self.invoice(f"n{number}", self.any_day())
        for number in range(chance.randrange(3)):
            self.subscription(f"s{number}", self.any_day() / 3)
        for number in range(chance.randrange(8)):
            self.said(number, self.any_day())
        for number in range(chance.randrange(3)):
            self.onboarding(f"o{number}", self.any_day())
        return sorted(self.recorded_events, key=lambda recorded: recorded.ingested_at)

    def ticket(self, ticket_id: str, day: float) -> None:
        chance, told = self.chance, {"ticket_id": ticket_id}
        self.tell(TicketOpened, day, channel="email", requester_id="c1", **told)
        for number in range(chance.randrange(5)):
            day += chance.random() * 5
            author = chance.choice(["REQUESTER", "AGENT"])
            self.tell(MessageAdded, day, message_id=f"m{number}", author_type=author, author_id=author.lower(), **told)
        if chance.random() < 0.2:
            self.tell(TicketEscalated, day + chance.random(), kind="FUNCTIONAL", **told)
        if chance.random() < 0.8:
            day += chance.random() * 20
            self.tell(TicketStatusChanged, day, to_status="SOLVED", **told)
            if chance.random() < 0.5:
                scale = {"scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
                self.tell(TicketCsatRated, day + 1, score=float(chance.randrange(1, 6)), **scale, **told)
            if chance.random() < 0.3:
                self.tell(TicketReopened, day + 2, **told)

    def invoice(self, invoice_id: str, day: float) -> None:
        chance, told = self.chance, {"invoice_id": invoice_id, "currency": "USD", "exponent": 2}
        due = self.at(day + chance.choice([0, 14, 30]))
        total = chance.randrange(1, 900) * 100
        self.tell(
            InvoiceIssued, day, issued_at=self.at(day), due_at=chance.choice([None, due, due]), total=total, **told
        )
        if chance.random() < 0.4:
            self.tell(InvoicePaymentFailed, day + chance.random() * 40, amount=total, attempt_no=1, **told)
            if chance.random() < 0.4:
                self.tell(DunningEnded, day + 45, invoice_id=invoice_id, outcome="EXHAUSTED")
        if chance.random() < 0.3:
            self.tell(DueDateChanged, day + 10, invoice_id=invoice_id, due_at=self.at(day + 60))
        if chance.random() < 0.7:
            paid = day + chance.random() * 70
            amount = chance.choice([total, total // 2])
            self.tell(InvoicePaid, paid, payment_id=f"p-{invoice_id}", amount=amount, paid_at=self.at(paid), **told)

    def subscription(self, subscription_id: str, day: float) -> None:
        chance = self.chance

        def told(day: float, amount: int) -> dict[str, Any]:
            return {
                "subscription_id": subscription_id, "status": "ACTIVE", "items": (item(amount),),
                "currency": chance.choice(["USD", "USD", "EUR"]),
                "exponent": 2, "period_start": self.at(day), "period_end": self.at(day + 365),
                "effective_at": self.at(day),
            }  # fmt: skip

        self.tell(SubscriptionStarted, day, **told(day, chance.randrange(1, 50) * 100))
        for _ in range(chance.randrange(4)):
            day += chance.random() * 40
            self.tell(SubscriptionChanged, day, change_kind="PRICE", **told(day, chance.randrange(1, 50) * 100))
        if chance.random() < 0.5:
            agreed = {"subscription_id": subscription_id, "effective_at": self.at(day + 5)}
            self.tell(SubscriptionCancelScheduled, day + 5, ends_at=self.at(day + chance.choice([30, 2_000])), **agreed)
            if chance.random() < 0.5:
                agreed["effective_at"] = self.at(day + 9)
                self.tell(SubscriptionCancelUnscheduled, day + 9, **agreed)

    def said(self, number: int, day: float) -> None:
        chance, at = self.chance, self.at(day)
        self.tell(
            ResponseSubmitted, day, response_id=f"r{number}", survey_id="s", survey_version=1, submitted_at=at,
            finished=True, answers=(Answer(question_id="q", kind="NPS", number=float(chance.randrange(11))),),
        )  # fmt: skip
        self.tell(TouchLogged, self.any_day(), touch_id=f"w{number}", kind="call", direction="OUTBOUND")
        judged = self.any_day()
        self.tell(
            ManagerSentimentSet, judged, sentiment_id=f"j{number}", manager_id=chance.choice(["m1", "m2"]),
            sentiment=chance.randrange(-2, 3), note_present=False, set_at=self.at(judged),
        )  # fmt: skip
        owned = self.any_day()
        ends = chance.choice([None, self.at(owned + 20)])
        manager = chance.choice(["m1", "m2", "m3"])
        self.tell(ManagerAssigned, owned, manager_id=manager, role="OWNER", valid_from=self.at(owned), valid_to=ends)
        for _ in range(6):
            used = self.any_day()
            self.tell(
                UsageReported, used, meter=chance.choice(["seats", "calls"]), measured_at=self.at(used),
                value=chance.random() * 100, limit=chance.choice([None, 50.0, 120.0]),
            )  # fmt: skip
        if chance.random() < 0.3:
            until = self.at(day + chance.choice([3, 30, 2_000]))
            self.tell(
                HealthOverrideSet, day, override_id=f"x{number}", model_id=chance.choice([None, "other"]),
                reason="told", score=chance.choice([None, 12.345678]), band="red", set_by="ann", set_at=at,
                expires_at=until,
            )  # fmt: skip

    def onboarding(self, onboarding_id: str, day: float) -> None:
        chance, told = self.chance, {"onboarding_id": onboarding_id}
        planned = tuple(
            PlannedMilestone(milestone_code=code, planned_at=self.at(day + chance.randrange(40)))
            for code in ("one", "two")
        )
        self.tell(OnboardingPlanned, day, starts_at=self.at(day), milestones=planned, **told)
        if chance.random() < 0.7:
            reached = day + chance.random() * 60
            self.tell(MilestoneReached, reached, milestone_code="one", reached_at=self.at(reached), **told)
