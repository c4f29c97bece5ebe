"""Posts events over HTTP for an outbox, as a producer would store them in Kafka: in order, again and again, or lost."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, Protocol

from streams.emit.admission import RefusedEventError
from streams.emit.endpoint import Answer, Refused, Unanswered

MOST_LINES = 500
MOST_BODY_BYTES = 1 << 20
"""Bound one request, but for an event that alone is larger."""
DELIVERY_SECONDS = 120.0
"""Try so long to have an event stored, as kafka-python does."""
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_OK = range(200, 300)
_TOO_LARGE, _TOO_MANY, _TIMEOUT = 413, 429, 408
_SERVER_ERRORS = range(500, 600)
log = logging.getLogger(__name__)
Settled = Callable[[object], None]
"""Hears how a delivery ended: an exception, or None."""


class NotTakenError(Exception):
    """The server answered that it will not take what was sent, whoever asks how often; the message says why."""


class Endpoint(Protocol):
    """Where lines are posted to."""

    def post(self, body: bytes) -> Answer:
        """Return the answer; raises Unanswered where the same may be tried again."""
        ...

    def close(self) -> None: ...


class Sending:
    """One event on its way, its line and until when it is tried (monotonic seconds)."""

    def __init__(self, event_type: str, line: bytes, until: float) -> None:
        self.event_type, self.line, self.until = event_type, line, until
        self._lock = threading.Lock()
        self._outcome: list[object] = []
        self._told: list[Settled] = []

    def add_both(self, settled: Settled) -> None:
        """Have somebody told how it ends, at once if it has."""
        with self._lock:
            if not self._outcome:
                self._told.append(settled)
                return
        settled(self._outcome[0])

    def settle(self, outcome: object = None) -> None:
        with self._lock:
            self._outcome.append(outcome)
        for settled in self._told:
            settled(outcome)


class Poster:
    """Takes events one by one and posts what waits together; a thread of its own speaks to the server.

    A body is told of line by line: what is refused is lost with its reason, what is stored is done. Where the server
    is away, busy or broken, the same body goes again, after its Retry-After, for DELIVERY_SECONDS. Sending twice is
    harmless: events have ids.
    """

    def __init__(
        self, endpoint: Endpoint, clock: Callable[[], float] = time.monotonic, pauses: Sequence[float] = PAUSES
    ) -> None:
        """`clock` and `pauses`, between tries where the server names no time, are in seconds."""
        self._endpoint, self._clock, self._pauses = endpoint, clock, pauses
        self._changed = threading.Condition()
        self._queue: deque[Sending] = deque()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="cx-poster", daemon=True)
        self._thread.start()

    def send(self, topic: str, *, value: bytes, key: bytes, headers: Iterable[Any] = ()) -> Sending:
        """Queue the line of an event, whose type stands in the place of a topic."""
        del key, headers
        sending = Sending(topic, value, self._clock() + DELIVERY_SECONDS)
        with self._changed:
            self._queue.append(sending)
            self._changed.notify_all()
        return sending

    def flush(self, timeout: float | None = None) -> None:
        """Return at once: nothing that is queued waits for more."""

    def close(self, timeout: float) -> None:
        """Stop; what is not stored then stays untold."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout)

    def _run(self) -> None:
        while batch := self._next():
            self._deliver(batch)
        self._endpoint.close()

    def _next(self) -> list[Sending]:
        """Return what is posted together, in order; nothing once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return [] if self._closing else list(self._together())

    def _together(self) -> Iterable[Sending]:
        size = 0
        for each in list(islice(self._queue, MOST_LINES)):
            size += len(each.line)
            if size > MOST_BODY_BYTES and size > len(each.line):
                return
            yield self._queue.popleft()

    def _deliver(self, batch: Sequence[Sending]) -> None:
        tries = 0
        while batch and not self._closing:
            try:
                answer = self._endpoint.post(b"".join(each.line for each in batch))
            except Unanswered as error:
                why: Exception = error
                wait = None
            else:
                rest = self._settled(batch, answer)
                if rest is not None:
                    batch = rest
                    continue
                why, wait = NotTakenError(answer.said), answer.wait
            if tries == 0:
                log.warning("the server takes no events now, they wait: %s", why)
            pause = self._pauses[min(tries, len(self._pauses) - 1)] if wait is None else wait
            batch = self._in_time(batch, pause, why)
            tries += 1
            with self._changed:
                self._changed.wait_for(lambda: self._closing, pause if batch else 0)

    def _settled(self, batch: Sequence[Sending], answer: Answer) -> Sequence[Sending] | None:
        """Tell of what an answer decides; return what is to be posted next, None where it decides nothing yet."""
        if answer.status in {_TOO_MANY, _TIMEOUT} or answer.status in _SERVER_ERRORS:
            return None
        if answer.status == _TOO_LARGE and len(batch) > 1:
            half = len(batch) // 2
            self._deliver(batch[:half])
            return batch[half:]
        refused = _by_line(batch, answer)
        for index, told in refused.items():
            batch[index].settle(RefusedEventError(batch[index].event_type, told.reason, told.detail))
        rest = [each for index, each in enumerate(batch) if index not in refused]
        if answer.status in _OK and answer.verdict is not None and answer.verdict.accepted == len(rest):
            outcome: NotTakenError | None = None
        elif answer.status not in _OK and refused:
            return rest  # nothing was stored for the sake of some
        else:
            outcome = NotTakenError(answer.said)
        for each in rest:
            each.settle(outcome)
        return []

    def _in_time(self, batch: Sequence[Sending], pause: float, why: Exception) -> list[Sending]:
        """Give up on what would be too old behind a pause; return the others."""
        until = self._clock() + pause
        for each in batch:
            if each.until < until:
                each.settle(why)
        return [each for each in batch if each.until >= until]


def _by_line(batch: Sequence[Sending], answer: Answer) -> dict[int, Refused]:
    """Return what an answer refuses, by its place in the batch."""
    named = answer.verdict.refused if answer.verdict is not None else ()
    return {each.line - 1: each for each in named if 0 < each.line <= len(batch)}
