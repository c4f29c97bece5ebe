"""Handle each record of the signals topic: deliver it once per signal id, or count it on the board.

Faust acknowledges a record whose agent raises, so nothing here lets an exception out for a single record. A crash
between delivery and acknowledgement delivers again, with the same id.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.errors import Undecodable
from streams.core.algebra import Signal
from streams.live.worker import live_board as board
from streams.live.worker.delivery import persistently
from streams.live.worker.notification_pacing import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from schemas.codec import Codec
    from streams.live.worker.delivery import Delivery

log = logging.getLogger(__name__)

EVENT_TYPE = "signal_raised"
REMEMBERED = 500
"""Signal ids kept per account: far more than are ever under way at once."""


def encoder(codec: Codec) -> Callable[[Signal], bytes]:
    """Return the engine's side: a signal as a framed record."""
    return lambda signal: codec.encode(EVENT_TYPE, msgspec.structs.asdict(signal))


class SignalHandler:
    """Handles decoded records against two tables: account -> delivered ids, and minute -> counts."""

    def __init__(
        self,
        *,
        codec: Codec,
        delivery: Delivery,
        delivered: MutableMapping[str, list[str]],
        minutes: MutableMapping[int, board.Counts],
        attempts: int,
        clock: Callable[[], int],
    ) -> None:
        self._codec = codec
        self._delivery = delivery
        self._delivered = delivered
        self._minutes = minutes
        self._attempts = attempts
        self._clock = clock
        self.delivered = self.repeated = self.failed = 0

    def board(self) -> list[board.Minute]:
        """Return the last hour as far as this worker holds it."""
        return board.board(dict(self._minutes.items()), self._clock())

    async def handle(self, value: bytes | None) -> None:
        signal = self._read(value)
        if signal is None:
            return
        if signal.kind == board.TALLY:
            self._count(signal)
        else:
            await self._deliver(signal)

    def _read(self, value: bytes | None) -> Signal | None:
        try:
            event_type, fields = self._codec.decode(value)
            if event_type == EVENT_TYPE:
                signal: Signal = msgspec.convert(fields, Signal)
                return signal
            log.error("a record of type %s on the signals topic is passed over", event_type)
        except (Undecodable, msgspec.ValidationError) as error:
            log.error("an unreadable record on the signals topic is passed over: %s", error)  # noqa: TRY400
        return None

    def _count(self, signal: Signal) -> None:
        for minute in board.expired(list(self._minutes), self._clock()):
            del self._minutes[minute]
        if not board.expired([signal.at], self._clock()):
            self._minutes[signal.at] = board.counted(self._minutes.get(signal.at), signal)

    async def _deliver(self, signal: Signal) -> None:
        known = self._delivered.get(signal.account_id) or []
        if signal.signal_id in known:
            self.repeated += 1
        elif await persistently(self._delivery, signal, self._attempts):
            self.delivered += 1
            self._delivered[signal.account_id] = [*known[1 - REMEMBERED :], signal.signal_id]
        else:
            self.failed += 1
            log.error("signal not delivered: %s", msgspec.json.encode(signal).decode())


def agent_function(handler: SignalHandler, pace: Pace) -> Callable[[Any], Any]:
    """Return the Faust agent's function: as thin as one can be."""

    async def signals(stream: Any) -> None:
        async for value in stream:
            await pace.turn()
            await handler.handle(value)

    return signals
