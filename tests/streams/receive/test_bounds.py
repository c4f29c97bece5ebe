"""Nobody who sends slowly, much or in crowds holds up or fills up the receiver."""

import asyncio
import resource
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.live.worker.web_access import Runner
from streams.receive.pacing import Pace
from streams.receive.reading import BrokenError, Reading, TooLargeError, TooSlowError
from streams.receive.serving import MOST_CONNECTIONS, room
from tests.support.receiving import Served, endpoint, run
from tests.support.signing import NOW, by_stripe

HEAD = b"POST /hooks/stripe/main HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Parts:
    """A body in parts; at None it says nothing more."""

    def __init__(self, *parts: bytes | None) -> None:
        self._parts = list(parts)

    async def readany(self) -> bytes:
        part = self._parts.pop(0) if self._parts else b""
        if part is None:
            await asyncio.Event().wait()
        return part or b""

    def is_eof(self) -> bool:
        return not self._parts

    def read_nowait(self, n: int = -1) -> bytes:
        del n
        return b""


@given(parts=st.lists(st.binary(min_size=1, max_size=20), max_size=8), most=st.integers(1, 60))
def test_a_body_is_read_whole_or_refused_for_its_size_and_leaves_nothing_behind(parts: list[bytes], most: int) -> None:
    """The limit holds whatever the pieces that a body comes in, and what is held in memory is counted right."""

    async def act() -> None:
        reading, whole = Reading(most_bytes=most), b"".join(parts)
        if len(whole) > most:
            with pytest.raises(TooLargeError):
                await reading.read(Parts(*parts))
        else:
            assert await reading.read(Parts(*parts)) == whole
        assert reading.held == 0

    asyncio.run(act())


def test_where_all_bodies_together_hold_too_much_those_that_began_first_make_way() -> None:
    """Ten thousand senders that hold their last byte back would fill the memory."""

    async def act() -> None:
        reading = Reading(most_bytes=100, most_seconds=60, most_held=250)
        slow = [asyncio.create_task(reading.read(Parts(bytes(100), None))) for _ in range(2)]
        await asyncio.sleep(0)
        assert await reading.read(Parts(bytes(60), bytes(40))) == bytes(100)
        with pytest.raises(TooSlowError):
            await slow[0]
        assert not slow[1].done()
        assert reading.held == 100
        slow[1].cancel()

    asyncio.run(act())


@pytest.mark.parametrize("error", [ConnectionResetError, RuntimeError, EOFError])
def test_a_body_that_is_not_http_or_not_finished_is_broken(error: type[Exception]) -> None:
    """A sender that hangs up is no defect of ours, however the library says so."""

    class Broken(Parts):
        async def readany(self) -> bytes:
            raise error

    with pytest.raises(BrokenError):
        asyncio.run(Reading().read(Broken(b"")))


@given(rate=st.floats(0.5, 500), gaps=st.lists(st.floats(0, 0.5), max_size=60))
def test_no_more_pass_than_the_rate_allows_and_who_waits_as_told_passes(rate: float, gaps: list[float]) -> None:
    """A rate that is too strict loses deliveries, and one too lax protects nobody."""
    now = 0.0
    pace = Pace(rate, lambda: now)
    for passed, gap in enumerate(gaps, 1):
        now += gap
        if wait := pace.wait():
            now += wait + 1e-9
            assert pace.wait() == 0
        assert passed <= rate * (now + 1) + 2


def _crowd(count: int, sent: bytes) -> Callable[[Served], Awaitable[None]]:
    async def act(here: Served) -> None:
        slow = [await asyncio.open_unix_connection(here.path) for _ in range(count)]
        for _, writer in slow:
            writer.write(sent)
        headers = by_stripe(b"secret", b"{}", int(NOW))
        for _ in range(3):
            answer = await asyncio.wait_for(here.send("/hooks/stripe/main", b"{}", headers), 10)
            assert answer.status == 200
        for _, writer in slow:
            writer.close()

    return act


@pytest.mark.parametrize("sent", [b"", b"POST /hoo", HEAD % 9 + b"{"], ids=["silent", "half a line", "half a body"])
def test_slow_senders_hold_nobody_up(sent: bytes) -> None:
    """A hundred that send nothing more, and one that gets its answer at once."""
    run([endpoint("stripe", ["secret"])], _crowd(100, sent))


def test_of_too_many_connections_the_oldest_is_cut_off() -> None:
    """Whoever only holds connections open is cut off before somebody who asks something is kept out."""

    async def act(here: Served) -> None:
        first = await asyncio.open_unix_connection(here.path)
        others = [await asyncio.open_unix_connection(here.path) for _ in range(3)]
        assert await asyncio.wait_for(first[0].read(), 10) == b""
        others[-1][1].write(HEAD % 2 + b"{}")
        assert (await others[-1][0].readline()).startswith(b"HTTP/1.1 401")
        for _, writer in (first, *others):
            writer.close()

    run([endpoint("stripe", ["secret"])], act, most=3)


def test_a_sender_that_was_answered_before_is_not_the_oldest() -> None:
    """A vendor keeps a connection for its next deliveries; a crowd of silent ones must not cost it that."""

    async def act(here: Served) -> None:
        reader, writer = await asyncio.open_unix_connection(here.path)
        silent = []
        for _ in range(6):
            silent.append(await asyncio.open_unix_connection(here.path))
            writer.write(HEAD % 2 + b"{}")
            assert (await asyncio.wait_for(reader.readuntil(b"signature\n"), 10)).startswith(b"HTTP/1.1 401")
        assert await asyncio.wait_for(silent[0][0].read(), 10) == b""
        for _, each in silent:
            each.close()
        writer.close()

    run([endpoint("stripe", ["secret"])], act, most=3)


def test_there_are_never_more_connections_than_files_may_be_open() -> None:
    """Where the system runs out first, nobody is taken in at all."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        assert 0 < room() <= min(MOST_CONNECTIONS, max(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_workers_have_that_bound_too() -> None:
    """Their pages are open to the same crowd."""
    assert Runner.__init__.__kwdefaults__["most"] == 2000
