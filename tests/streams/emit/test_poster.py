"""The poster alone, against servers that take, refuse, stumble and vanish: each event ends, and ends once."""

import json
import threading
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.emit.admission import RefusedEventError
from streams.emit.endpoint import Answer, Refused, Unanswered, Verdict
from streams.emit.poster import DELIVERY_SECONDS, MOST_BODY_BYTES, MOST_LINES, NotTakenError, Poster

BAD = "bad"
TAKEN = "taken"


class Server:
    """Answers as its script says, then takes all; `stored` is what it has, `posted` the sizes of bodies."""

    def __init__(self, script: Iterable[str] = (), most_lines: int = 10_000) -> None:
        self.script, self.most_lines = list(script), most_lines
        self.stored: list[str] = []
        self.posted: list[int] = []

    def post(self, body: bytes) -> Answer:
        events = [json.loads(line) for line in body.splitlines()]
        self.posted.append(len(events))
        kind = self.script.pop(0) if self.script else "take"
        if len(events) > self.most_lines:
            return Answer(413, said="HTTP 413")
        refused = tuple(Refused(n, "invalid_field", "no") for n, e in enumerate(events, 1) if e["kind"] == BAD)
        fine = [event["id"] for event in events if event["kind"] != BAD]
        match kind:
            case "gone before":
                raise Unanswered("ConnectionRefusedError")
            case "busy":
                return Answer(429, wait=0.0, said="HTTP 429")
            case "broken":
                return Answer(503, said="HTTP 503")
            case "all or nothing" if refused:
                return Answer(422, Verdict(0, refused))
        self.stored += fine
        if kind == "gone after":
            raise Unanswered("RemoteDisconnected")
        return Answer(200, Verdict(len(fine), refused))

    def close(self) -> None:
        """Have nothing to close."""


def _line(number: int, kind: str = TAKEN) -> bytes:
    return json.dumps({"id": str(number), "kind": kind}).encode() + b"\n"


class Ends:
    """How each event ended, by its number; `wait` returns once so many have."""

    def __init__(self) -> None:
        self.told: dict[int, list[object]] = {}
        self._changed = threading.Condition()

    def of(self, number: int) -> Any:
        def settled(outcome: object) -> None:
            with self._changed:
                self.told.setdefault(number, []).append(outcome)
                self._changed.notify_all()

        return settled

    def wait(self, count: int) -> dict[int, list[object]]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.told) == count, 30), f"{len(self.told)} of {count}"
        return self.told


def _post(server: Any, lines: list[bytes], **options: Any) -> dict[int, list[object]]:
    poster, ends = Poster(server, pauses=(0.0,), **options), Ends()
    for number, line in enumerate(lines):
        poster.send("invitation_opened", value=line, key=b"acme").add_both(ends.of(number))
    try:
        return ends.wait(len(lines))
    finally:
        poster.close(10)


_TROUBLE = st.sampled_from(["take", "busy", "broken", "gone before", "gone after", "all or nothing"])


@given(st.lists(_TROUBLE, max_size=12), st.lists(st.sampled_from([TAKEN, TAKEN, BAD]), max_size=40), st.integers(1, 50))
def test_whatever_a_server_does_each_event_ends_once(script: list[str], kinds: list[str], most_lines: int) -> None:
    """Nothing is dropped, what is refused is told of with its reason, and first arrivals keep the order."""
    server = Server(script, most_lines)
    ends = _post(server, [_line(number, kind) for number, kind in enumerate(kinds)])
    for number, kind in enumerate(kinds):
        (outcome,) = ends[number]
        assert isinstance(outcome, RefusedEventError) == (kind == BAD)
        assert (outcome is None) == (kind != BAD)
    expected = [str(number) for number, kind in enumerate(kinds) if kind != BAD]
    assert list(dict.fromkeys(server.stored)) == expected


def test_what_waits_goes_together_and_within_bounds() -> None:
    """A request for each event would take a server's time for its headers."""
    gate = threading.Event()

    class Slow(Server):
        def post(self, body: bytes) -> Answer:
            gate.wait(30)
            return super().post(body)

    server, ends = Slow(), Ends()
    poster = Poster(server)
    for number in range(MOST_LINES + 11):
        poster.send("invitation_opened", value=_line(number), key=b"acme").add_both(ends.of(number))
    gate.set()
    ends.wait(MOST_LINES + 11)
    poster.close(10)
    assert sum(server.posted) == MOST_LINES + 11
    assert max(server.posted) <= MOST_LINES
    assert len(server.posted) <= 3


def test_an_event_larger_than_a_body_goes_alone() -> None:
    """The bound is for what is put together; the contract allows events of a megabyte."""
    large = json.dumps({"id": "0", "kind": TAKEN, "text": "x" * MOST_BODY_BYTES}).encode() + b"\n"
    server = Server()
    assert _post(server, [large, _line(1)]) == {0: [None], 1: [None]}
    assert server.posted == [1, 1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(401, said="HTTP 401"), "401"),
        (Answer(404, said="HTTP 404"), "404"),
        (Answer(302, said="HTTP 302"), "302"),
        (Answer(413, said="HTTP 413"), "413"),
        (Answer(400, said="HTTP 400"), "400"),
        (Answer(200, said="HTTP 200 OK: <html>"), "html"),
        (Answer(200, Verdict(2), said="of two"), "of two"),
        (Answer(200, Verdict(0), said="of none"), "of none"),
    ],
)
def test_what_asking_again_would_not_mend_is_lost_at_once(answer: Answer, said: str) -> None:
    """A wrong token must not wait two minutes; and a page of some proxy is no word that events are stored."""

    class Stubborn(Server):
        def post(self, body: bytes) -> Answer:
            self.posted.append(len(body))
            return answer

    server = Stubborn()
    (outcome,) = _post(server, [_line(0)])[0]
    assert isinstance(outcome, NotTakenError)
    assert said in str(outcome)
    assert len(server.posted) == 1


@pytest.mark.parametrize(("answer", "tries"), [(Answer(503, said="HTTP 503"), 3), (Answer(503, wait=600.0), 1)])
def test_a_server_that_stays_away_loses_events_by_name(answer: Answer, tries: int) -> None:
    """Memory is bounded and so is patience; and what is asked to come again later than that need not wait for it."""
    times = iter([0.0, 1.0, 60.0, DELIVERY_SECONDS + 1, *[DELIVERY_SECONDS + 2] * 9])

    class Away(Server):
        def post(self, body: bytes) -> Answer:
            self.posted.append(len(body))
            return answer

    server = Away()
    (outcome,) = _post(server, [_line(0)], clock=lambda: next(times))[0]
    assert isinstance(outcome, NotTakenError)
    assert len(server.posted) == tries


def test_an_outage_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """Two minutes of silence before events are lost would be two minutes in which nobody looks."""
    assert _post(Server(["broken"] * 5), [_line(0)]) == {0: [None]}
    assert [each.getMessage() for each in caplog.records] == ["the server takes no events now, they wait: HTTP 503"]


def test_close_ends_even_while_a_server_is_away() -> None:
    """A service that stops must not wait for two minutes."""
    server = Server(["gone before"] * 10_000)
    poster = Poster(server, pauses=(60.0,))
    poster.send("invitation_opened", value=_line(0), key=b"acme")
    poster.close(10)
    assert not poster._thread.is_alive()
