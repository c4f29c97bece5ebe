"""Signals reach their receiver once per id, signed, and no single record stops the agent."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from schemas.codec import Codec
from streams.core.algebra import Signal
from streams.live.worker import live_board as board
from streams.live.worker.delivery import DeliveryFailedError, WebhookDelivery, persistently, sign
from streams.live.worker.notification_pacing import Pace
from streams.live.worker.signals import REMEMBERED, SignalHandler, agent_function, encoder

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


class Broken:
    """Raises what nobody expected, so many times; then takes signals."""

    def __init__(self, error: Exception, times: int) -> None:
        self.taken: list[Signal] = []
        self.error, self.times = error, times

    async def deliver(self, signal: Signal) -> None:
        if self.times:
            self.times -= 1
            raise self.error
        self.taken.append(signal)

    async def close(self) -> None:
        """Hold nothing."""


@pytest.mark.intrusion("S4")
@pytest.mark.parametrize("error", [ValueError("bad"), RuntimeError(), KeyError("x"), RecursionError(), MemoryError()])
def test_whatever_delivery_raises_is_counted_and_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that leaves the agent acknowledges its record: the signal is gone, and nothing counts it."""

    async def at_once(_: float) -> None:
        """Wait for nothing."""

    monkeypatch.setattr(asyncio, "sleep", at_once)
    passing = Broken(error, 2)
    handler = SignalHandler(codec=CODEC, delivery=passing, delivered={}, minutes={}, attempts=3, clock=lambda: NOW)
    feed(handler, encoder(CODEC)(a_signal(1)), encoder(CODEC)(a_signal(2)))
    assert (handler.delivered, handler.failed, passing.taken) == (2, 0, [a_signal(1), a_signal(2)])
    lasting = Broken(error, 9)
    handler = SignalHandler(codec=CODEC, delivery=lasting, delivered={}, minutes={}, attempts=3, clock=lambda: NOW)
    feed(handler, encoder(CODEC)(a_signal(1)))
    assert (handler.delivered, handler.failed) == (0, 1)


@pytest.mark.intrusion("S4")
@pytest.mark.parametrize(
    "secrets", [(), (b"",), (b"whsec_",), (b"whsec_abc",), (b"whsec_!!!!",), (b"good", b"whsec_a b")]
)
def test_what_is_no_key_is_found_at_the_start(secrets: tuple[bytes, ...]) -> None:
    """And not at each signal, or never: with an empty key anybody can sign."""
    with pytest.raises(ValueError, match=r"key|base64"):
        WebhookDelivery("https://receiver.example/x", secrets, lambda: NOW)


@pytest.mark.intrusion("S13")
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/tok-en",
        "http://tok-en:tok-en@127.0.0.1:1/x",
        "http://nosuch.invalid/tok-en?x=tok-en",
        "tok-en",
    ],
)
def test_no_message_repeats_the_address(
    url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receivers put tokens into their addresses, and logs are read by many."""

    async def refuse(*_: object, **__: object) -> None:
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("aiohttp.TCPConnector._create_direct_connection", refuse)

    async def attempt() -> bool:
        delivery = WebhookDelivery(url, (b"key",), lambda: NOW)
        try:
            return await persistently(delivery, a_signal(), 1)
        finally:
            await delivery.close()

    assert not asyncio.run(attempt())
    assert "attempt 1 of 1" in caplog.text
    assert "tok-en" not in caplog.text


@pytest.mark.intrusion("S13")
def test_no_trace_of_an_unknown_error_repeats_the_address(caplog: pytest.LogCaptureFixture) -> None:
    """Where a fault of ours is looked for by its trace, the text of the error may be the address that it was about."""
    broken = Broken(ValueError("no host in https://receiver.example/tok-en"), 1)
    assert not asyncio.run(persistently(broken, a_signal(), 1))
    assert "ValueError" in caplog.text
    assert "in deliver" in caplog.text
    assert "tok-en" not in caplog.text
