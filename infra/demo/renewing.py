"""Let accounts sign contracts and decide on renewals: each in a way of its own, some of them by saying nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.demo.world import Account

Course = Literal[
    "renews", "grows", "shrinks", "leaves", "late", "early",
    "auto", "silent", "moved", "monthly", "corrected", "twice",
]  # fmt: skip
_YEAR = 365 * DAY


class Paper(msgspec.Struct, frozen=True):
    """A contract of a year: its value in minor units, the day of the demonstration on which it is due, its course."""

    value: int
    currency: str
    exponent: int
    due: int
    course: Course


PAPERS: dict[str, Paper] = {
    "demo-acorn": Paper(7_200_000, "EUR", 2, 20, "grows"),
    "demo-birch": Paper(2_000_000, "EUR", 2, 30, "leaves"),
    "demo-cedar": Paper(500_000, "USD", 2, 15, "late"),
    "demo-dahlia": Paper(2_700_000, "USD", 2, 45, "early"),
    "demo-elder": Paper(10_800_000, "USD", 2, 50, "shrinks"),
    "demo-fern": Paper(12_000_000, "KRW", 0, 35, "auto"),
    "demo-gorse": Paper(6_300_000, "USD", 2, 60, "renews"),
    "demo-hazel": Paper(1_700_000, "EUR", 2, 25, "moved"),
    "demo-iris": Paper(600_000, "USD", 2, 10, "silent"),
    "demo-juniper": Paper(1_400_000, "EUR", 2, 40, "corrected"),
    "demo-kelp": Paper(350_000, "EUR", 2, 5, "monthly"),
    "demo-larch": Paper(4_500_000, "USD", 2, 55, "twice"),
}
"""By account. No decision falls near the end of a month: no figure hangs on the border's exact place."""


class Signer(Voice):
    """Tells one account's contract and its renewal."""

    def story(self) -> Iterator[Told]:
        paper, contract = PAPERS[self.account.id], self.name("contract")
        due = START + paper.due * DAY
        course = paper.course
        if course == "monthly":
            yield self._stated(contract, paper, due - _YEAR, due - _YEAR, None, term_kind="MONTHLY")
            return
        own = {"auto_renew": True, "notice_days": 30} if course == "auto" else {}
        yield self._stated(contract, paper, due - _YEAR - 20 * DAY, due - _YEAR, due, **own)
        match course:
            case "renews" | "early" | "late":
                days = {"renews": -5, "early": -40, "late": 12}[course]
                yield self._decided(contract, paper, due + days * DAY, "RENEWED", paper.value)
            case "grows":
                yield self._decided(contract, paper, due - 5 * DAY, "UPSOLD", paper.value * 5 // 4)
            case "shrinks":
                yield self._decided(contract, paper, due - 5 * DAY, "DOWNSOLD", paper.value * 3 // 4)
            case "leaves":
                yield self._decided(contract, paper, due - 5 * DAY, "LOST", 0)
            case "moved":
                yield self._stated(contract, paper, due - 15 * DAY, due - _YEAR, due + 40 * DAY)
                yield self._decided(contract, paper, due + 30 * DAY, "RENEWED", paper.value)
            case "corrected":
                wrong = self._decided(contract, paper, due - 5 * DAY, "LOST", 0)
                yield wrong
                right = self._decided(contract, paper, due - 5 * DAY, "RENEWED", paper.value)
                yield right[0], {**right[1], "corrects_event_id": wrong[1]["event_id"]}
            case "twice":
                yield self._decided(contract, paper, due - 5 * DAY, "RENEWED", paper.value)
                yield self._stated(contract, paper, due - 5 * DAY, due - _YEAR, due + 60 * DAY)
                yield self._decided(contract, paper, due + 50 * DAY, "LOST", 0)
            case _:
                return

    def _stated(self, contract: str, paper: Paper, at: int, starts: int, ends: int | None, **more: Any) -> Told:
        fields = {"term_kind": "FIXED", "starts_at": starts, "ends_at": ends, **more}
        return self.event("contract_set", at, annual_value=paper.value, **self._of(contract, paper), **fields)

    def _decided(self, contract: str, paper: Paper, at: int, outcome: str, amount: int) -> Told:
        decided = {"outcome": outcome, "amount": amount, "decided_at": at}
        return self.event("renewal_decided", at, **self._of(contract, paper), **decided)

    def _of(self, contract: str, paper: Paper) -> dict[str, Any]:
        return {"contract_id": contract, "currency": paper.currency, "exponent": paper.exponent}


def tell(account: Account, seed: int) -> list[Told]:
    """Return an account's contract, ordered by when it happened."""
    return sorted(Signer(account, seed, "/renewing").story(), key=lambda told: told[1]["occurred_at"])
