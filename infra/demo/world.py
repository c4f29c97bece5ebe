"""Name who takes part in the demonstration: accounts, their managers and segments over time, surveys and topics."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

DAY = 86_400_000_000
HOUR = 3_600_000_000
PROMOTER_FROM, DETRACTOR_TO, POSITIVE_FROM = 9.0, 6.0, 4.0
# A Monday, long enough ago that no clock of a machine makes these events look as if they came from the future.
START = int(dt.datetime(2025, 1, 6, tzinfo=dt.UTC).timestamp()) * 1_000_000
WEEKS = 12
SOURCE = "demo:main"
RELATION, TICKET = "demo-relationship", "demo-ticket"


class Chapter(msgspec.Struct, frozen=True):
    """A number of weeks that stories are told of; ``name`` keeps what is named in it apart from other chapters.

    ``asked`` and ``tickets`` are the least and the most surveys and tickets of an account in a week, ``called`` the
    share of detractors whom somebody calls.
    """

    begin: int
    weeks: int
    source: str
    name: str = ""
    asked: tuple[int, int] = (8, 14)
    tickets: tuple[int, int] = (2, 4)
    called: float = 0.75

    @property
    def end(self) -> int:
        return self.begin + self.weeks * 7 * DAY

    def label(self, account: str, what: str, number: int) -> str:
        """Return the name of something that an account tells of."""
        return "-".join(filter(None, (account, self.name, what, f"{number:04d}")))


PAST = Chapter(START, WEEKS, SOURCE)


class Stage(msgspec.Struct, frozen=True):
    """Tell what holds of an account from ``week`` (0 is the first of the demonstration) on."""

    week: int
    segment: str
    manager: str


class Account(msgspec.Struct, frozen=True):
    """An account; ``warmth`` shifts what its contacts answer, from -1 (cold) to 1."""

    id: str
    name: str
    country: str
    warmth: float
    stages: tuple[Stage, ...]

    def stage(self, at: int) -> Stage:
        """Return what held at a time in microseconds."""
        week = (at - START) / (7 * DAY)
        return [stage for stage in self.stages if stage.week <= week or stage is self.stages[0]][-1]


PODS = {"mgr-ana": "pod-north", "mgr-ben": "pod-north", "mgr-chen": "pod-south", "mgr-dia": "pod-south"}

ACCOUNTS = (
    Account("demo-acorn", "Acorn Logistics", "DE", 0.4, (Stage(0, "enterprise", "mgr-ana"),)),
    Account("demo-birch", "Birch Retail", "FR", -0.2, (Stage(0, "growth", "mgr-ana"), Stage(5, "growth", "mgr-ben"))),
    Account("demo-cedar", "Cedar Media", "US", 0.1, (Stage(0, "starter", "mgr-ben"),)),
    Account("demo-dahlia", "Dahlia Health", "US", 0.6, (Stage(0, "growth", "mgr-ben"),)),
    Account("demo-elder", "Elder Insurance", "GB", -0.5, (Stage(0, "enterprise", "mgr-chen"),)),
    Account("demo-fern", "Fern Games", "KR", 0.2, (Stage(0, "starter", "mgr-chen"), Stage(4, "growth", "mgr-chen"))),
    Account("demo-gorse", "Gorse Energy", "NO", 0.0, (Stage(0, "enterprise", "mgr-dia"),)),
    Account("demo-hazel", "Hazel Foods", "IT", 0.3, (Stage(0, "growth", "mgr-dia"), Stage(8, "enterprise", "mgr-ana"))),
    Account("demo-iris", "Iris Optics", "JP", 0.5, (Stage(0, "starter", "mgr-ana"),)),
    Account("demo-juniper", "Juniper Travel", "ES", -0.3, (Stage(0, "growth", "mgr-ben"),)),
    Account("demo-kelp", "Kelp Marine", "NL", 0.1, (Stage(0, "starter", "mgr-dia"),)),
    Account("demo-larch", "Larch Finance", "CH", -0.1, (Stage(0, "enterprise", "mgr-chen"),)),
)

TOPICS = {
    "price": ("The price went up again", "Fair price for what we get"),
    "support": ("Waited three days for an answer", "Support knew the answer at once"),
    "product": ("The export still breaks", "Everything we need is there"),
    "onboarding": ("Nobody showed us around", "We were up and running in a day"),
}

QUESTIONS: dict[str, list[dict[str, Any]]] = {
    RELATION: [
        {"question_id": "recommend", "kind": "NPS", "text": "How likely are you to recommend us?",
         "scale_min": 0.0, "scale_max": 10.0},
        {"question_id": "why", "kind": "TEXT", "text": "What is the main reason for your score?"},
    ],
    TICKET: [
        {"question_id": "satisfied", "kind": "CSAT", "text": "How satisfied are you with the answer?",
         "scale_min": 1.0, "scale_max": 5.0, "positive_from": POSITIVE_FROM},
        {"question_id": "effort", "kind": "CES", "text": "It was easy to get my question answered.",
         "scale_min": 1.0, "scale_max": 5.0, "positive_from": POSITIVE_FROM},
        {"question_id": "comment", "kind": "TEXT", "text": "Anything else?"},
    ],
}  # fmt: skip
