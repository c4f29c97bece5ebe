"""How long an analyst waits for `cx explain`: a figure of one account, and the figure as known at a past moment."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bench.latency import quantile
from infra import wiring
from infra.explanation import Explanation
from sinks import period
from sinks.explain import metric_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings

LIMIT = 20


@dataclass(frozen=True, slots=True)
class Explained:
    """Milliseconds until the whole answer is there, connections included; the interpreter's start is not.

    `read` is the mean number of events that were read from the log for a past figure.
    """

    events: int
    accounts: int
    read: float
    now_p50_ms: float
    now_worst_ms: float
    then_p50_ms: float
    then_worst_ms: float


def ask(settings: Settings, total: int, accounts: Iterable[str]) -> Explained:
    """Explain the NPS of each account, now and as of a moment by which all was stored."""
    nps, window = metric_named("nps"), period.parse(f"rolling:{datetime.now(UTC):%Y-%m-%d}")
    now: list[float] = []
    then: list[float] = []
    read = []
    for account in accounts:
        for waits, at in ((now, None), (then, wiring.clock())):
            began = time.perf_counter()
            with closing(Explanation(settings, limit=LIMIT, texts=False)) as explanation:
                answer = explanation.figure(nps, account, window, at)
            waits.append((time.perf_counter() - began) * 1000)
        read.append(answer["known_at"]["events"])
    now, then = sorted(now), sorted(then)
    return Explained(
        total, len(read), sum(read) / len(read), quantile(now, 0.5), now[-1], quantile(then, 0.5), then[-1]
    )
