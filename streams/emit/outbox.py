"""Hands records on from a thread of its own, so that nobody who emits waits for a broker or server that is away."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec
from kafka.errors import KafkaError

from streams.emit.connecting import Unusable

MOST_BYTES = 32 << 20
"""Bound what waits for the broker's word at once: its records are all in memory."""
CLOSE_SECONDS = 10
_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)
log = logging.getLogger(__name__)


class DeliveryError(Exception):
    """Events were not stored, or it is not known: `causes` says by event id why. Sending them again is harmless.

    Over HTTP a cause may be a RefusedEventError, if the server knows a rule that the client does not: mend it first.
    """

    def __init__(self, causes: Mapping[str, BaseException]) -> None:
        first, cause = next(iter(causes.items()))
        super().__init__(f"{len(causes)} events were not stored, the first is {first}: {cause}")
        self.causes = dict(causes)

    @property
    def event_ids(self) -> list[str]:
        return list(self.causes)


class Outgoing(msgspec.Struct, frozen=True):
    """A record of the event that its id names; `topic` is the full name, over HTTP the event's type."""

    event_id: str
    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Outbox:
    """Keeps records in order until they are stored; safe to share between threads.

    `connect` returns a producer, None where no broker answers yet, and raises Unusable where none ever will.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._changed = threading.Condition()
        self._queue: deque[Outgoing] = deque()
        self._open: dict[str, int] = {}
        self._bytes = 0
        self._lost: dict[str, BaseException] = {}
        self._unusable: BaseException | None = None
        self._closing = False
        self.producer: Any = None
        self._thread = threading.Thread(target=self._run, name="cx-emitter", daemon=True)
        self._thread.start()

    def put(self, record: Outgoing, patience: float) -> bool:
        """Queue a record; return False where there was no room for so many seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._has_room(record), patience):
                return False
            if self._unusable is not None:
                raise DeliveryError({record.event_id: self._unusable})
            if self._closing:
                raise DeliveryError({record.event_id: RuntimeError("the emitter is closed")})
            self._queue.append(record)
            self._bytes += len(record.value)
            self._open[record.event_id] = self._open.get(record.event_id, 0) + 1
            self._changed.notify_all()
            return True

    def raise_lost(self) -> None:
        """Raise DeliveryError for what was lost since the last time."""
        with self._changed:
            lost, self._lost = self._lost, {}
        if lost:
            raise DeliveryError(lost)

    def flush(self, timeout: float) -> None:
        """Wait until every record is stored; raises DeliveryError where one is not, or not in time (seconds)."""
        until = time.monotonic() + timeout
        with self._changed:
            self._changed.wait_for(lambda: not self._queue, timeout)
        if self.producer is not None:
            with suppress(KafkaError):  # what did not get through is open, or lost
                self.producer.flush(max(0.0, until - time.monotonic()))
        with self._changed:
            if not self._changed.wait_for(lambda: not self._open, max(0.0, until - time.monotonic())):
                late = TimeoutError(f"not confirmed within {timeout:g} s")
                self._lost.update(dict.fromkeys(self._open, late))
        self.raise_lost()

    def close(self, timeout: float) -> None:
        """Send what is queued and disconnect; raises DeliveryError as flush does."""
        try:
            self.flush(timeout)
        finally:
            with self._changed:
                self._closing = True
                self._changed.notify_all()
            self._thread.join(2 * CLOSE_SECONDS)

    def _has_room(self, record: Outgoing) -> bool:
        room = self._bytes + len(record.value) <= MOST_BYTES
        return room or not self._open or self._closing or self._unusable is not None

    def _run(self) -> None:
        try:
            self.producer = self._connected()
        except Unusable as error:
            self._give_up(error)
        if self.producer is None:
            return
        while (record := self._next()) is not None:
            self._send(record)
        with suppress(KafkaError):  # flush has told all there is to tell
            self.producer.close(timeout=CLOSE_SECONDS)

    def _connected(self) -> Any:
        """Try until a broker answers; return None where the emitter was closed before."""
        tries = 0
        while (producer := self._connect()) is None:
            if tries == 0:
                log.warning("no Kafka broker answers; events wait until one does")
            with self._changed:
                if self._changed.wait_for(lambda: self._closing, _PAUSES[min(tries, len(_PAUSES) - 1)]):
                    return None
            tries += 1
        return producer

    def _next(self) -> Outgoing | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return self._queue[0] if self._queue and not self._closing else None

    def _send(self, record: Outgoing) -> None:
        try:
            sent = self.producer.send(record.topic, value=record.value, key=record.key, headers=list(record.headers))
        except Exception as error:  # noqa: BLE001 - whatever is wrong with sending it, its sender is to know
            self._settle(record, error)
        else:
            sent.add_both(partial(self._settle, record))
        with self._changed:
            self._queue.popleft()
            self._changed.notify_all()

    def _settle(self, record: Outgoing, outcome: object) -> None:
        """Take note of a delivery or of a failure; runs in the producer's thread."""
        with self._changed:
            if isinstance(outcome, BaseException):
                self._lost[record.event_id] = outcome
            self._bytes -= len(record.value)
            self._open[record.event_id] -= 1
            if not self._open[record.event_id]:
                del self._open[record.event_id]
            self._changed.notify_all()

    def _give_up(self, error: BaseException) -> None:
        with self._changed:
            self._unusable = error
            self._lost.update(dict.fromkeys(self._open, error))
            self._queue.clear()
            self._open.clear()
            self._changed.notify_all()
