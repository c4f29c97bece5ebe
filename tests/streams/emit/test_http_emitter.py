"""Events over HTTP: what an application reads back from a server, and what it learns of what was not taken."""

import asyncio
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from streams.emit import AsyncHttpEmitter, DeliveryError, HttpEmitter, NotTakenError, RefusedEventError
from tests.support import events_route
from tests.support.events_route import TOKEN, Route
from tests.support.records import CODEC


@pytest.fixture
def route() -> Iterator[Route]:
    with events_route.serve() as running:
        yield running


def _ids(route: Route) -> list[str]:
    return [CODEC.decode(value)[1]["event_id"] for value in route.taken.values()]


@pytest.mark.servers
def test_events_are_posted_in_order_with_the_token(route: Route) -> None:
    """Leaving the block means that all is stored; one connection and few requests carry it."""
    route.first = [503, 429, 500]
    at = datetime(2026, 10, 5, 12, 0, 0, 1, tzinfo=UTC)
    with HttpEmitter(route.url, source="shop:main", token=TOKEN) as events:
        sent = [
            events.emit("invitation_opened", account_id="äöü", invitation_id=f"i{n}", occurred_at=at) for n in range(40)
        ]
    assert _ids(route) == sent
    fields = [CODEC.decode(value)[1] for value in route.taken.values()]
    assert {each["occurred_at"] for each in fields} == {1_791_201_600_000_001}
    assert {(each["account_id"], each["source"]) for each in fields} == {("äöü", "shop:main")}
    assert {each["path"] for each in route.requests} == {"/v1/events"}
    assert {each["authorization"] for each in route.requests} == {f"Bearer {TOKEN}"}
    assert len(route.requests) < 20


@pytest.mark.servers
def test_what_only_the_server_refuses_is_told_by_id(route: Route) -> None:
    """A client that is older than its server lets pass what the server refuses; its sender must learn why."""
    route.refusing = {"invitation_opened": "invalid_field"}
    events = HttpEmitter(route.url, source="shop:main", token=TOKEN)
    with pytest.raises(RefusedEventError, match="response_id"):
        events.emit("response_deleted", account_id="acme", response_id="")
    bad = events.emit("invitation_opened", account_id="acme", invitation_id="i1")
    good = events.emit("response_deleted", account_id="acme", response_id="r1")
    with pytest.raises(DeliveryError) as lost:
        events.close()
    assert lost.value.event_ids == [bad]
    cause: Any = lost.value.causes[bad]
    assert (type(cause), cause.reason, cause.detail) == (RefusedEventError, "invalid_field", "by the server alone")
    assert _ids(route) == [good]


@pytest.mark.servers
def test_a_wrong_token_is_said_and_never_shown(route: Route) -> None:
    """Whoever reads the log of a service must not be able to write events."""
    events = HttpEmitter(route.url, source="shop:main", token="s3cr3t-and-wrong")
    events.emit("invitation_opened", account_id="acme", invitation_id="i1")
    with pytest.raises(DeliveryError, match="401") as lost:
        events.close()
    (cause,) = lost.value.causes.values()
    assert isinstance(cause, NotTakenError)
    assert "s3cr3t" not in f"{lost.value!r} {cause!r} {events!r} {vars(events)!r}"


@pytest.mark.servers
def test_asyncio_posts_alike(route: Route) -> None:
    """The same checks and lines, from a loop that nothing blocks."""

    async def emit() -> list[str]:
        async with AsyncHttpEmitter(f"{route.url}/v1/events", source="shop:main", token=TOKEN) as events:
            with pytest.raises(RefusedEventError):
                await events.emit("response_deleted", account_id="acme", response_id="")
            return [await events.emit("invitation_opened", account_id="a", invitation_id=f"i{n}") for n in range(3)]

    assert asyncio.run(emit()) == _ids(route)


@pytest.mark.servers
def test_a_server_that_is_away_keeps_nobody_waiting() -> None:
    """A service starts and answers whether or not its events get through; what is lost is named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        events = HttpEmitter(f"http://127.0.0.1:{taken.getsockname()[1]}", source="shop:main", token=TOKEN)
        event_id = events.emit("invitation_opened", account_id="acme", invitation_id="i1")
        with pytest.raises(DeliveryError) as lost:
            events.close(timeout=0.2)
    assert lost.value.event_ids == [event_id]


@pytest.mark.parametrize(
    ("url", "token", "said"),
    [
        ("cx.example.com", TOKEN, "such as https"),
        ("ftp://cx.example.com", TOKEN, "such as https"),
        ("https://user:pw@cx.example.com", TOKEN, "such as https"),
        ("https://cx.example.com?token=1", TOKEN, "such as https"),
        ("http://cx.example.com", TOKEN, "use https"),
        ("http://10.0.0.7:8080", TOKEN, "use https"),
        ("https://cx.example.com", "", "printable ASCII"),
        ("https://cx.example.com", "to ken", "printable ASCII"),
        ("https://cx.example.com", "s3cr3t\r\nX: 1", "printable ASCII"),
        ("https://cx.example.com", "schlüssel", "printable ASCII"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_at_once(url: str, token: str, said: str) -> None:
    """No try will mend them; and a token is not shown to everybody on the way."""
    with pytest.raises(ValueError, match=said) as refused:
        HttpEmitter(url, source="shop:main", token=token)
    assert not token or token not in str(refused.value) or token == TOKEN


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8088", "http://[::1]:8088", "http://localhost", "https://cx.example.com/in"]
)
def test_addresses_that_can_be_meant_are_not_tried_before_there_is_an_event(url: str) -> None:
    """Starting waits for nobody."""
    HttpEmitter(url, source="shop:main", token=TOKEN).close()
    HttpEmitter("http://receiver:8088", source="shop:main", token=TOKEN, insecure=True).close()


def test_the_answer_on_the_page_is_the_answer() -> None:
    """Clients in other languages are written from the page."""
    page = (Path(__file__).parents[3] / "docs" / "emitting.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"^Content-Type: application/x-ndjson\n\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (answer,) = re.findall(r'^\{"accepted".*$', page, re.MULTILINE)
    assert json.loads(answer) == Route(0).judge(body.encode())
