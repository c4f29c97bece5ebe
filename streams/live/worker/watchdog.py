"""A thread that watches the worker and ends it when it stands still: what to make of what it sees is `stalls`' say.

It needs nothing of what it watches: not the event loop, not the engine's thread, not the consumer. The ends of the
topics it asks for over a connection of its own, so that a consumer which has silently ceased to fetch is seen too.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol

from confluent_kafka import KafkaException

from streams.live.worker.stall_detection import Sight, Waiting, judge, still_waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from streams.live.engine.clients import Watermarks
    from streams.live.engine.stats import EngineStats
    from streams.live.worker.stall_detection import Limits, Verdict

log = logging.getLogger(__name__)

STALLED_STATUS = 4
_EVERY = 1.0
_GAP = 10_000_000  # microseconds between two looks after which the time between them is no evidence
_ASK_SECONDS = 5.0


class Ends(Protocol):
    """End offsets of topics for a reader of committed records. Does not wait."""

    def look(self, names: list[str]) -> Mapping[str, int] | None:
        """Return the newest answer by "topic-partition", None while the broker has not answered."""


class ReadableEnds:
    """The ends as the broker tells them; each look asks anew and returns what the one before has brought."""

    def __init__(self, watermarks: Watermarks) -> None:
        self._watermarks = watermarks
        self._names: list[str] = []
        self._asked: list[Future[Any]] = []
        self._known: dict[str, int] | None = None

    def look(self, names: list[str]) -> Mapping[str, int] | None:
        if all(answer.done() for answer in self._asked):
            try:
                self._known = {n: a.result().offset for n, a in zip(self._names, self._asked, strict=True)}
            except KafkaException:
                self._known = None  # the broker is away: nobody can tell what waits
            self._names = names
            self._asked = self._watermarks.ask_readable([_place(name) for name in names], _ASK_SECONDS)
        return self._known


def _place(name: str) -> tuple[str, int]:
    topic, _, number = name.rpartition("-")
    return topic, int(number)


class Watchdog:
    """Looks once a second from `start` to the end of the process. `end` ends it, with a reason, and does not return."""

    def __init__(
        self, *, stats: EngineStats, ends: Ends, limits: Limits, clock: Callable[[], int], end: Callable[[str], None]
    ) -> None:
        self._stats = stats
        self._ends = ends
        self._limits = limits
        self._clock = clock
        self._end = end
        self._turned_at = self._stopping_at = self._looked_at = self._since = 0
        self._waiting: dict[str, Waiting] = {}
        self._reported = False

    def start(self) -> None:
        # It must outlive everything else, the interpreter's waiting for other threads included.
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def turned(self) -> None:
        """Hear that the event loop has turned."""
        self._turned_at = self._clock()

    def stopping(self) -> None:
        """Hear that the worker is asked to stop."""
        self._stopping_at = self._stopping_at or self._clock()

    def look(self, now: int) -> Verdict:
        """Look once; `now` in microseconds.

        A gap between two looks, or a clock that was set, says that this process itself was frozen: counting begins
        anew.
        """
        if not 0 <= now - self._looked_at <= _GAP:
            self._since, self._waiting = now, {}
        self._looked_at = now
        positions = self._stats.positions
        ends = self._ends.look(sorted(positions))
        self._waiting = still_waiting(self._waiting, positions, ends, now) if ends is not None else {}
        sight = Sight(
            since=self._since, turned_at=self._turned_at, stopping_at=self._stopping_at, waiting=self._waiting
        )
        return judge(self._stats, sight, self._limits, now)

    def _watch(self) -> None:
        pause = threading.Event()
        while True:
            verdict = self.look(self._clock())
            if verdict.stop:
                self._end(verdict.stop)
            self._report(verdict.inserting)
            pause.wait(_EVERY)

    def _report(self, inserting: float) -> None:
        """Log once when an insert stalls, and once when it goes on."""
        if inserting and not self._reported:
            log.error("an insert has not been acknowledged for %.0f s; waiting for the sink", inserting)
        elif self._reported and not inserting:
            log.warning("the stalled insert has ended")
        self._reported = inserting > 0
