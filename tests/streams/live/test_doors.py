"""Who may ask a worker's web, and for how long a connection may say nothing."""

import asyncio

import pytest
from aiohttp import ClientSession, web
from hypothesis import given
from hypothesis import strategies as st

from streams.live.worker.web_access import Runner, guard, refusal

NAMES = ("localhost", "LOCALHOST", "localhost:6066", "127.0.0.1:6066", "[::1]:6066", "[::1]")
FOREIGN = ("evil.example", "localhost.evil.example:66", "127.0.0.1.evil.example", "evil.example:127", "", "0.0.0.0")


@pytest.mark.intrusion("S2")
@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_somebody_bound_to_this_address_is_refused(host: str) -> None:
    """A browser takes the page of that name and this worker for one place."""
    assert refusal({"Host": host}, "127.0.0.1")
    assert refusal({"Host": host}, "localhost")
    assert not refusal({"Host": host}, "0.0.0.0"), "who listens everywhere is called by names it does not know"


@pytest.mark.parametrize("host", NAMES)
def test_programs_on_this_machine_are_answered(host: str) -> None:
    """Prometheus and `cx status` send no Origin."""
    assert not refusal({"Host": host}, "127.0.0.1")


@pytest.mark.intrusion("S2")
@given(st.text(), st.sampled_from(["127.0.0.1", "0.0.0.0", "localhost", "::1"]))
def test_no_page_of_a_browser_is_answered(origin: str, host: str) -> None:
    """Whatever the Origin is, `null` and this machine included."""
    assert refusal({"Host": "localhost", "Origin": origin}, host)


@pytest.mark.servers
@pytest.mark.intrusion("S18")
def test_a_connection_that_asks_nothing_is_ended_and_others_are_not() -> None:
    """Hundreds of them, opened and left, would take every file handle that the worker may have."""
    assert asyncio.run(_half_open(count=300)) == (300, 200, 403)


async def _half_open(count: int) -> tuple[int, int, int]:
    """Return how many half requests were ended, and the answers to a whole one and to one of a web page."""

    async def well(_: web.Request) -> web.Response:
        return web.Response(text="well")

    app = web.Application(middlewares=[guard("127.0.0.1")])
    app.router.add_get("/", well)
    runner = Runner(app, seconds=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    left = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    for _, writer in left[::2]:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    async with ClientSession() as session:
        async with session.get(f"http://127.0.0.1:{port}/") as answer:
            status = answer.status
        await asyncio.sleep(1.0)
        async with session.get(f"http://127.0.0.1:{port}/", headers={"Origin": "http://localhost"}) as answer:
            refused = answer.status
    ended = 0
    for reader, writer in left:
        try:
            ended += await asyncio.wait_for(reader.read(1), 5) == b""
        except ConnectionError:
            ended += 1
        writer.close()
    await runner.cleanup()
    return ended, status, refused
