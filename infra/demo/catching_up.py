"""Call every detractor whom nobody had called: those of the past in July 2025, those of the present the day after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.voice import Told, Voice
from infra.demo.world import DAY, DETRACTOR_TO, HOUR, PAST, START

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.demo.world import Account, Chapter

_SINCE, _DAYS = START + 180 * DAY, 10


class Caller(Voice):
    """Tells the late calls to one account's detractors."""

    def story(self, surveys: Sequence[Told]) -> Iterator[Told]:
        called = {fields["response_id"] for kind, fields in surveys if kind == "followup_logged"}
        manager = self.account.stages[-1].manager
        for response, said_at in _detractors(surveys).items():
            if response in called:
                continue
            at = said_at + DAY
            if self.chapter is PAST:
                at = _SINCE + self.chance.randrange(_DAYS) * DAY + self.chance.randrange(8, 16) * HOUR
            yield self.event(
                "followup_logged", at, response_id=response, followup_id=self.name("late-call"), kind="call",
                manager_id=manager, outcome="apologised for the silence", closed=True, actor="AGENT",
            )  # fmt: skip


def _detractors(surveys: Sequence[Told]) -> dict[str, int]:
    """Return the responses whose last answers are a detractor's, with when these were given."""
    answers: dict[str, tuple[int, list[dict[str, Any]]]] = {}
    for kind, fields in surveys:
        if kind == "response_deleted":
            answers.pop(fields["response_id"], None)
        elif kind in ("response_submitted", "response_corrected") and not fields["is_test"]:
            answers[fields["response_id"]] = fields["occurred_at"], fields["answers"]
    return {response: at for response, (at, given) in answers.items() if any(map(_complains, given))}


def _complains(answer: dict[str, Any]) -> bool:
    return answer["kind"] == "NPS" and float(answer["number"]) <= DETRACTOR_TO


def tell(account: Account, surveys: Sequence[Told], seed: int, chapter: Chapter = PAST) -> list[Told]:
    """Return the calls, ordered by when they were made; ``surveys`` is the account's story in order of time."""
    calls = Caller(account, seed, "/catching-up", chapter).story(surveys)
    return sorted(calls, key=lambda told: told[1]["occurred_at"])
