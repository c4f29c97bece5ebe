"""Holds what was found against what was expected, and counts what is lost, doubled and wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.expected import Expected, Invoice, Place, Response, Ticket

SHOWN = 5
Part = tuple[str, int]


@dataclass
class Found:
    """What the product left behind. Lists keep repetitions: a view that shows a row twice must be caught.

    `events` is None where the product has no table of accepted events. `marks`, `committed` and `ends` are offsets by
    short topic name and partition; `claims` the identities of events that the changelog holds there.
    """

    responses: list[tuple[str, Response]] = field(default_factory=list)
    invitations: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    accounts: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    invoices: list[tuple[str, Invoice]] = field(default_factory=list)
    tickets: list[tuple[str, Ticket]] = field(default_factory=list)
    revenue: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    events: list[tuple[Place, str]] | None = None
    scores: dict[str, tuple[int, int]] = field(default_factory=dict)
    letters: list[tuple[Place, bytes]] = field(default_factory=list)
    letter_rows: list[tuple[Place, int]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    claims: dict[Part, Counter[bytes]] = field(default_factory=dict)
    marks: dict[Part, int] = field(default_factory=dict)
    committed: dict[Part, int] = field(default_factory=dict)
    ends: dict[Part, int] = field(default_factory=dict)


@dataclass
class Verdict:
    """The sums of a recount; `problems` shows the first few of each kind in words."""

    records: int = 0
    accepted: int = 0
    repeated: int = 0
    bad: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong)

    def say(self, what: str, examples: Iterable[Any]) -> int:
        listed = list(examples)
        if listed:
            self.problems.append(f"{what}: {len(listed)}, such as {listed[:SHOWN]}")
        return len(listed)

    def table(self, name: str, expected: Mapping[Any, Any], found: Iterable[tuple[Hashable, Any]]) -> None:
        """Compare by key: missing is lost, a key twice is duplicated, another content or an unknown key is wrong."""
        listed = list(found)
        content = dict(listed)
        times = Counter(key for key, _ in listed)
        self.lost += self.say(f"{name} missing", (key for key in expected if key not in content))
        self.duplicated += self.say(f"{name} twice", (key for key, count in times.items() if count > 1))
        self.wrong += self.say(f"{name} out of nothing", (key for key in content if key not in expected))
        self.wrong += self.say(
            f"{name} differs",
            ((k, expected[k], v) for k, v in content.items() if k in expected and expected[k] != v),
        )


def judge(expected: Expected, found: Found, acknowledged: Iterable[Place] = ()) -> Verdict:
    """Compare everything; what was found must have been read after the group had drained its topics.

    `acknowledged` are the records that the broker told the feeder it has.
    """
    verdict = Verdict(expected.records, len(expected.accepted), len(expected.repeated), len(expected.bad))
    stored = expected.accepted.keys() | expected.bad.keys() | expected.repeated
    verdict.lost += verdict.say("acknowledged and not in the topic", set(acknowledged) - stored)
    verdict.table("response", expected.responses, found.responses)
    verdict.table("invitation", expected.invitations, found.invitations)
    verdict.table("account", expected.accounts, found.accounts)
    verdict.table("invoice", expected.invoices, found.invoices)
    verdict.table("ticket", expected.tickets, found.tickets)
    verdict.table("revenue of account and policy", expected.revenue(), found.revenue.items())
    verdict.table("nps of account", expected.scores(), found.scores.items())
    verdict.table("dead letter", expected.bad, found.letters)
    verdict.table("dead-letter row", {at: len(value) for at, value in expected.bad.items()}, found.letter_rows)
    verdict.table("signal", dict.fromkeys(expected.waiting), ((subject, None) for subject in found.waiting))
    if found.events is not None:
        verdict.table("event", expected.accepted, found.events)
    for part, identities in expected.identities.items():
        claims = found.claims.get(part, Counter())
        verdict.table(f"state of {part}", dict.fromkeys(identities), ((each, None) for each in claims.elements()))
    verdict.table("mark", found.ends, found.marks.items())
    verdict.table("committed offset", found.ends, found.committed.items())
    return verdict
