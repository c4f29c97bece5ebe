"""Signals reach their receiver once per id, signed, and no single record stops the agent."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from schemas.codec import Codec
from streams.core.algebra import Signal
from streams.live import board
from streams.live.delivery import DeliveryFailedError, persistently, sign
from streams.live.pace import Pace
from streams.live.signals import REMEMBERED, SignalHandler, agent_function, encoder

CODEC = Codec()
NOW = 1_800_000_000_000_000


class Receiver:
    """Takes signals, except for the first `refusals` attempts."""

    def __init__(self, refusals: int = 0) -> None:
        self.taken: list[Signal] = []
        self.refusals = refusals

    async def deliver(self, signal: Signal) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DeliveryFailedError("not now")
        self.taken.append(signal)

    async def close(self) -> None:
        """Hold nothing."""


def handler_to(receiver: Receiver, *, attempts: int = 1) -> SignalHandler:
    return SignalHandler(codec=CODEC, delivery=receiver, delivered={}, minutes={}, attempts=attempts, clock=lambda: NOW)


def a_signal(number: int = 1, account: str = "acc") -> Signal:
    return Signal(f"id-{number}", "detractor_waiting", account, "r1", NOW, {"score": "3"})


def feed(handler: SignalHandler, *values: bytes | None) -> None:
    async def stream() -> Any:
        for value in values:
            yield value

    asyncio.run(agent_function(handler, Pace(lambda: False))(stream()))


def test_a_signal_travels_whole() -> None:
    """What the core raised is what the receiver gets, through the codec and back."""
    receiver = Receiver()
    feed(handler_to(receiver), encoder(CODEC)(a_signal()))
    assert receiver.taken == [a_signal()]


def test_a_signal_that_comes_again_is_not_delivered_again() -> None:
    """Replays and restarts repeat signals by design; people should not be called twice."""
    receiver = Receiver()
    handler = handler_to(receiver)
    feed(handler, *[encoder(CODEC)(a_signal(n)) for n in (1, 2, 1, 1, 2)])
    assert [signal.signal_id for signal in receiver.taken] == ["id-1", "id-2"]
    assert (handler.delivered, handler.repeated, handler.failed) == (2, 3, 0)


def test_the_memory_of_delivered_ids_is_bounded() -> None:
    """One hot account must not grow a table value for ever."""
    handler = handler_to(Receiver())
    feed(handler, *[encoder(CODEC)(a_signal(n)) for n in range(REMEMBERED + 20)])
    kept = handler._delivered["acc"]
    assert len(kept) == REMEMBERED
    assert kept[-1] == f"id-{REMEMBERED + 19}"


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xff",
        encoder(CODEC)(a_signal())[:-3],
        CODEC.encode(
            "account_upserted", {"event_id": "e", "account_id": "a", "occurred_at": 1, "source": "s", "name": "n"}
        ),
    ],
    ids=["none", "empty", "garbage", "cut off", "another type"],
)
def test_an_unreadable_record_does_not_stop_the_next_one(value: bytes | None) -> None:
    """An exception in an agent acknowledges the record and ends the stream's life: none may get out."""
    receiver = Receiver()
    feed(handler_to(receiver), value, encoder(CODEC)(a_signal()))
    assert receiver.taken == [a_signal()]


def test_a_receiver_that_fails_for_a_while_gets_the_signal_later() -> None:
    """Repeated in place, so that order is kept and nothing is forgotten."""
    receiver = Receiver(refusals=2)
    assert asyncio.run(persistently(receiver, a_signal(), attempts=3, pause=0.001))
    assert receiver.taken == [a_signal()]


def test_a_receiver_that_never_answers_is_given_up_and_counted() -> None:
    """The next signal must not wait for ever behind it; the log keeps what was lost."""
    handler = handler_to(Receiver(refusals=99))
    feed(handler, encoder(CODEC)(a_signal()))
    assert (handler.delivered, handler.failed) == (0, 1)
    assert handler._delivered == {}, "it may be delivered when it comes again"


def test_tallies_go_to_the_board_and_to_nobody() -> None:
    """They share the topic with what people are told of."""
    receiver = Receiver()
    handler = handler_to(receiver)
    counts = {"offset": "4", **dict.fromkeys(board.COLUMNS, "2")}
    feed(handler, encoder(CODEC)(Signal("t", board.TALLY, board.BOARD_KEY, "cx.survey/0", NOW, counts)))
    assert receiver.taken == []
    assert [minute.counts["promoters"] for minute in handler.board()] == [2]


def test_old_minutes_leave_the_table() -> None:
    """The board's table holds an hour, not the history."""
    handler = handler_to(Receiver())
    counts = {"offset": "4", **dict.fromkeys(board.COLUMNS, "1")}
    old = NOW - 2 * board.MINUTES * board.MINUTE
    handler._minutes[old] = {}
    feed(handler, encoder(CODEC)(Signal("t", board.TALLY, board.BOARD_KEY, "cx.survey/0", NOW, counts)))
    assert list(handler._minutes) == [NOW]


def test_the_signature_is_that_of_the_specification() -> None:
    """The worked example of standardwebhooks.com: any receiver's library must accept ours."""
    secret = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    signed = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    raw = base64.b64decode(secret.removeprefix(b"whsec_"))
    both = sign([secret, raw], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert both == f"{signed} {signed}"
