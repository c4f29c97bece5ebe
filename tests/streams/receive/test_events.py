"""Events over HTTP are judged by the very rules that emitters and workers have, and each refusal is named."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidEventError
from streams.core.events import EVENT_TYPES
from streams.emit.admission import admitted
from streams.emit.making import line_of
from streams.receive import openapi
from streams.receive.events import PATH, EventSource
from streams.receive.judging import judged, lines_of
from tests.support.odd_events import CORPUS, odd_events
from tests.support.receiving import Served, run
from tests.support.records import CODEC
from tests.support.signing import NOW

TOKENS = {"shop": "hush-shop", "crm": "hush-crm"}
NDJSON = {"content-type": ["application/x-ndjson"]}
MICROS = int(NOW * 1e6)


def posting(rate: float = 100) -> list[EventSource]:
    return [EventSource(name, f"{name}:main", [token], rate=rate, clock=lambda: 0.0) for name, token in TOKENS.items()]


def by(name: str) -> dict[str, list[str]]:
    return {"authorization": [f"Bearer {TOKENS[name]}"], **NDJSON}


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "event_type": "invitation_opened",
        "event_id": f"00000000-0000-5000-8000-{number:012d}",
        "account_id": "acme",
        "occurred_at": "2021-02-25T15:02:10+00:00",
        "invitation_id": f"i{number}",
        **fields,
    }


def lines(*events: Mapping[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in events)


@given(odd=st.lists(odd_events(), min_size=1, max_size=4))
def test_a_server_takes_what_an_emitter_lets_pass_and_refuses_the_rest_by_name(
    odd: list[tuple[str, dict[str, Any]]],
) -> None:
    """Two doors with different rules would mean that one of them lets in what workers refuse."""
    written, expected = [], []
    for number, (event_type, fields) in enumerate(odd, 1):
        try:
            line = line_of(event_type, {**fields, "source": "shop:main"})
        except (InvalidEventError, TypeError, AttributeError):  # no line can be written of it
            line = b"{}\n"
        written.append(line)
        try:
            admitted(CODEC, event_type, {**fields, "source": "shop:main"}, MICROS)
        except InvalidEventError:
            expected.append(number)
        else:
            expected += [number] if line == b"{}\n" else []
    verdict = judged(CODEC, "shop:main", lines_of(b"".join(written)), MICROS)
    assert [line.line for line in verdict.refused] == expected
    assert len(verdict.accepted) + len(verdict.refused) == len(odd)


@given(body=st.binary(max_size=80) | st.lists(st.sampled_from(CORPUS), max_size=2).map(repr).map(str.encode))
def test_whatever_is_posted_is_answered_by_line(body: bytes) -> None:
    """A client that sends rubbish must be told, and must not be told to send it again."""
    held = [number for number, _ in lines_of(body)]
    verdict = judged(CODEC, "shop:main", lines_of(body), MICROS)
    assert [line.line for line in verdict.refused] == held
    assert {line.reason for line in verdict.refused} <= {"unreadable", "invalid_field"}


def test_what_is_taken_is_stored_under_its_account_and_what_is_not_is_named() -> None:
    """One bad event of five hundred holds up none of the others."""

    async def act(here: Served) -> None:
        body = lines(event(1), event(2, invitation_id=""), event(3, source="crm:main"), event(4, source="shop:main"))
        answer = await here.send(PATH, body + b"\n\xff\n[]\n", by("shop"))
        said = json.loads(answer.text)
        assert (answer.status, said["accepted"]) == (200, 2)
        named = [(each["line"], (each["event_id"] or "")[-1:], each["reason"]) for each in said["refused"]]
        assert named == [
            (2, "2", "invalid_field"),
            (3, "3", "foreign_source"),
            (6, "", "unreadable"),
            (7, "", "unreadable"),
        ]
        assert [(topic, record.key) for topic, record in here.kept.records] == [("cx.survey", b"acme")] * 2
        fields = [CODEC.decode(record.value)[1] for _, record in here.kept.records]
        assert [(each["invitation_id"], each["source"]) for each in fields] == [
            ("i1", "shop:main"),
            ("i4", "shop:main"),
        ]
        assert here.counts.of("events", "shop", "event_stored") == 2
        assert here.counts.of("events", "shop", "event_foreign_source") == 1

    run([], act, posting=posting())


def test_one_event_may_be_written_over_several_lines() -> None:
    """People try it with curl first."""

    async def act(here: Served) -> None:
        headers = {**by("crm"), "content-type": ["application/json"]}
        whole = json.dumps(event(1), indent=2).encode()
        answer = await here.send(PATH, whole, headers)
        assert (answer.status, json.loads(answer.text)) == (200, {"accepted": 1, "refused": []})
        for body, reason in ((whole + whole, "unreadable"), (b"[1]", "unreadable"), (b"{}", "unreadable")):
            answer = await here.send(PATH, body, headers)
            (refused,) = json.loads(answer.text)["refused"]
            assert (answer.status, refused["line"], refused["reason"]) == (422, 1, reason)

    run([], act, posting=posting())


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "missing token"),
        ({"authorization": ["Bearer wrong"]}, "wrong token"),
        ({"authorization": ["Bearer hush-shop", "Bearer hush-shop"]}, "doubled token"),
        ({"authorization": ["Basic hush-shop"]}, "malformed token"),
        ({"authorization": [""]}, "missing token"),
    ],
)
def test_without_its_token_nobody_posts(headers: Mapping[str, Sequence[str]], said: str) -> None:
    """Whoever could post could move every figure."""

    async def act(here: Served) -> None:
        answer = await here.send(PATH, lines(event(1)), {**NDJSON, **headers})
        assert (answer.status, answer.text, here.kept.records) == (401, f"{said}\n", [])

    run([], act, posting=posting())


def test_trouble_of_ours_is_said_as_such() -> None:
    """An emitter sends the same again then, and never at another status."""

    async def act(here: Served) -> None:
        for _ in range(3):
            assert (await here.send(PATH, lines(event(1)), by("shop"))).status == 200
        flooded = await here.send(PATH, lines(event(1)), by("shop"))
        assert (flooded.status, flooded.headers["Retry-After"]) == (429, "1")
        here.kept.is_away = True
        answer = await here.send(PATH, lines(event(1)), by("crm"))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")

    run([], act, posting=posting(rate=2))


def test_what_is_served_as_description_names_every_type_and_status() -> None:
    """Clients are generated from it."""

    async def act(here: Served) -> None:
        found = json.loads((await here.send("/openapi.json", b"", {}, "GET")).text)
        assert found == openapi.document(found["info"]["version"])
        assert set(found["components"]["schemas"]["Event"]["properties"]["event_type"]["enum"]) == set(EVENT_TYPES)
        post = found["paths"][PATH]["post"]
        assert set(post["responses"]) == {"200", "400", "401", "408", "413", "415", "422", "429", "503"}
        for form in (*post["requestBody"]["content"], "text/plain"):
            status = (await here.send(PATH, b"{}", {**by("shop"), "content-type": [form]})).status
            assert status == (415 if form == "text/plain" else 422)

    run([], act, posting=posting())
