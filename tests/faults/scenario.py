"""What a scenario is: a promise, a fault, volumes, and a function that does it. What it leaves: one row of figures."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.faults.verdict import Verdict

if TYPE_CHECKING:
    from tests.faults.trial import Trial

Size = Literal["short", "medium", "release"]
SIZES: tuple[Size, ...] = ("short", "medium", "release")


@dataclass(frozen=True)
class Volume:
    """Rounds with seeds of their own, and in each: faults injected, events fed, accounts of the fault's own `scale`.

    What `scale` counts is the scenario's business (seconds of an outage, bytes, repetitions).
    """

    rounds: int
    faults: int
    events: int
    scale: float = 1.0


@dataclass(frozen=True)
class Scenario:
    """`act` does one round: deploys, feeds, breaks, drains and judges through the trial it is given.

    It may raise AssertionError for a promise that no recount can see (a process that should have ended).
    `missing` says what of this machine it would need and does not find, empty for nothing.
    `own_stack` scenarios freeze or kill servers, so they never run on servers that others share.
    """

    name: str
    promise: str
    fault: str
    volumes: Mapping[Size, Volume]
    act: Callable[[Trial], None]
    controlled: bool = False
    own_stack: bool = False
    missing: Callable[[], str] = str
    revision: int = 1


@dataclass
class Outcome:
    """What rounds of a scenario have come to.

    `recoveries` in seconds, from a fault until every partition moved on;
    `figures` are what else a scenario measured.
    """

    faults: Counter[str] = field(default_factory=Counter)
    produced: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    recoveries: list[float] = field(default_factory=list)
    drained: float = 0.0
    failures: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.duplicated or self.wrong or self.failures)

    def take(self, verdict: Verdict) -> None:
        self.lost += verdict.lost
        self.duplicated += verdict.duplicated
        self.wrong += verdict.wrong
        self.failures += verdict.problems

    def add(self, other: Outcome) -> None:
        """Add a further round."""
        self.faults.update(other.faults)
        for name in ("produced", "acknowledged", "lost", "duplicated", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.recoveries += other.recoveries
        self.drained = max(self.drained, other.drained)
        self.failures += other.failures
        self.figures |= other.figures

    def row(self) -> dict[str, Any]:
        """Return the figures as they are noted."""
        recoveries = sorted(self.recoveries)
        return {
            "faults": dict(sorted(self.faults.items())),
            "produced": self.produced,
            "acknowledged": self.acknowledged,
            "lost": self.lost,
            "duplicated": self.duplicated,
            "wrong": self.wrong,
            "recovery_median": round(statistics.median(recoveries), 1) if recoveries else None,
            "recovery_worst": round(recoveries[-1], 1) if recoveries else None,
            "drained": round(self.drained, 1),
            "failures": self.failures[:20],
            "figures": self.figures,
        }
