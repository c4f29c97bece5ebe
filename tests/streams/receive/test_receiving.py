"""What is answered 2xx is stored, everything else is not, and each refusal says what its sender should do."""

import gzip
import logging
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.receive.endpoint import Endpoint
from streams.receive.hooks import HOOKS
from streams.receive.reading import MOST_BYTES, Reading
from streams.receive.signatures import TOLERANCE_SECONDS
from tests.support.receiving import Served, endpoint, run
from tests.support.signing import NOW, shown, way_of

SECRET = bytes(range(64, 96))
HUSH = "hush-" + SECRET.hex()
EVENT = {"ce-id": ["1"], "ce-source": ["/shop"], "ce-specversion": ["1.0"], "ce-type": ["paid"]}
Headers = Mapping[str, Sequence[str]]
vendors = st.sampled_from(sorted(HOOKS))


def signed(vendor: str, body: bytes, at: float = NOW, secret: bytes = SECRET) -> dict[str, list[str]]:
    headers = {name: list(values) for name, values in way_of(vendor).sign(secret, body, int(at)).items()}
    return {**headers, **(EVENT if vendor == "cloudevents" else {})}


def one(vendor: str, rate: float = 1000.0) -> list[Endpoint]:
    return [endpoint(vendor, [shown(vendor, SECRET)], rate=rate)]


@given(vendor=vendors, body=st.binary(max_size=300))
def test_what_is_accepted_is_stored_as_it_was_sent(vendor: str, body: bytes) -> None:
    """Translation may be wrong today and repaired tomorrow, so every byte is kept, whether it can be read or not."""

    async def act(here: Served) -> None:
        headers = {**signed(vendor, body), "cookie": [HUSH], "x-forwarded-for": ["192.0.2.1"]}
        answer = await here.send(f"/hooks/{vendor}/main", body, headers)
        assert (answer.status, answer.text) == (HOOKS[vendor].accepted, "")
        (raw,), ((topic, record),) = here.kept.opened(), here.kept.records
        assert (topic, raw.instance, raw.body, raw.received_at) == (f"cx.raw.{vendor}", "main", body, int(NOW * 1e6))
        assert record.key.decode() == raw.delivery_id
        assert {name for name in raw.headers if not name.startswith("ce-")} <= HOOKS[vendor].headers | {"content-type"}
        stored = b"".join(value for _, value in record.headers)
        assert not any(secret in stored for secret in (HUSH.encode(), SECRET, SECRET.hex().encode()))
        assert here.counts.of(vendor, "main", "stored") == 1

    run(one(vendor), act)


def missing(values: Sequence[str]) -> Sequence[str]:
    del values
    return []


ABUSES = {
    "missing": missing,
    "empty": lambda _: [""],
    "blank": lambda _: ["  "],
    "doubled": lambda values: [*values, *values],
    "truncated": lambda values: [values[0][: len(values[0]) // 2]],
    "no text": lambda _: ["\udcff\udcfe"],
    "long": lambda values: [values[0] + "A" * 4000],
    "other": lambda _: ["v1,=,t=,sha256=,Bearer"],
}


@given(vendor=vendors, abuse=st.sampled_from(sorted(ABUSES)), place=st.integers(0, 2), body=st.binary(max_size=20))
def test_whatever_is_wrong_with_a_signature_the_answer_is_401(vendor: str, abuse: str, place: int, body: bytes) -> None:
    """Senders choose headers, and so do attackers: none of them may get in, or make the receiver fall over."""
    headers = {name: list(values) for name, values in way_of(vendor).sign(SECRET, body, int(NOW)).items()}
    name = sorted(headers)[place % len(headers)]
    headers[name] = list(ABUSES[abuse](headers[name]))

    async def act(here: Served) -> None:
        answer = await here.send(f"/hooks/{vendor}/main", body, headers)
        assert (answer.status, here.kept.records) == (401, [])
        assert b'outcome="stored"' not in here.counts.render()
        assert here.counts.of(vendor, "main", answer.text.strip().replace(" ", "_")) == 1

    run(one(vendor), act)


@given(vendor=vendors.filter(lambda vendor: way_of(vendor).has_time), off=st.integers(-900, 900))
def test_a_delivery_of_another_time_is_refused(vendor: str, off: int) -> None:
    """Whoever overheard one must not be able to send it again tomorrow."""

    async def act(here: Served) -> None:
        answer = await here.send(f"/hooks/{vendor}/main", b"{}", signed(vendor, b"{}", NOW + off))
        assert (answer.status == 401) == (abs(off) > TOLERANCE_SECONDS)

    run(one(vendor), act)


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b'{"id": 1, "id": 2}',
        b"[" * 100_000,
        b'{"n": 9223372036854775808123}',
        b"",
        b'{"t": "\\ud800"}',
        bytes(MOST_BYTES),
    ],
    ids=["not UTF-8", "doubled key", "deep", "wide number", "empty", "half a character", "largest"],
)
def test_what_nobody_could_read_is_stored_too(body: bytes) -> None:
    """Who signed it sent it: it waits as a dead letter of its topic, and its sender is not told to come again."""

    async def act(here: Served) -> None:
        for vendor in ("stripe", "discord"):
            answer = await here.send(f"/hooks/{vendor}/main", body, signed(vendor, body))
            assert answer.status == HOOKS[vendor].accepted
        assert [raw.body for raw in here.kept.opened()] == [body, body]

    run([*one("stripe"), *one("discord")], act)


@pytest.mark.parametrize(
    ("status", "outcome", "hook", "headers", "body"),
    [
        (404, "", "/hooks/stripe/other", {}, b"{}"),
        (404, "", "/hooks/zendesk/main", {}, b"{}"),
        (404, "", f"/hooks/{HUSH}/x", {}, b"{}"),
        (415, "media_type", "/hooks/stripe/main", {"content-type": ["text/plain"]}, b"{}"),
        (415, "media_type", "/hooks/stripe/main", {"content-type": []}, b"{}"),
        (415, "compressed", "/hooks/stripe/main", {"content-encoding": ["gzip"]}, gzip.compress(bytes(1 << 20))),
        (415, "compressed", "/hooks/stripe/main", {"content-encoding": ["identity", "br"]}, b"{}"),
        (413, "too_large", "/hooks/stripe/main", {}, bytes(MOST_BYTES + 1)),
        (401, "missing_signature", "/hooks/stripe/main", {}, b"{}"),
    ],
)
def test_what_need_not_be_verified_is_refused(
    status: int, outcome: str, hook: str, headers: Headers, body: bytes
) -> None:
    """The reason is counted, and neither an unknown path nor anything that was sent is in counters or answers."""

    async def act(here: Served) -> None:
        answer = await here.send(hook, body, headers)
        assert (answer.status, here.kept.records) == (status, [])
        shown = here.counts.render().decode() + answer.text
        assert HUSH not in shown
        known = ("stripe", "main", outcome) if outcome else ("", "", "unknown")
        assert here.counts.of(*known) == 1

    run(one("stripe"), act)


def test_a_body_without_a_stated_length_is_read_no_further_than_the_limit() -> None:
    """Of a hundred megabytes in parts one is read, and the sender still gets to read why."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield bytes(1 << 20)

    async def act(here: Served) -> None:
        try:
            assert (await here.send("/hooks/stripe/main", endless(), {})).status == 413
        except OSError:
            assert sent < 100  # it would rather go on sending than read the answer
        assert here.counts.of("stripe", "main", "too_large") == 1

    run(one("stripe"), act)


def test_a_source_that_floods_waits_and_no_other_does() -> None:
    """One customer's import must not keep the others' deliveries out."""

    async def act(here: Served) -> None:
        body = b"{}"
        for _ in range(3):
            assert (await here.send("/hooks/stripe/main", body, signed("stripe", body))).status == 200
        flooded = await here.send("/hooks/stripe/main", body, signed("stripe", body))
        assert (flooded.status, flooded.headers["Retry-After"]) == (429, "1")
        assert (await here.send("/hooks/zendesk/main", body, signed("zendesk", body))).status == 200
        unsigned = await here.send("/hooks/zendesk/main", body, {})
        assert unsigned.status == 401

    run([*one("stripe", rate=2), *one("zendesk", rate=2)], act)


def test_while_kafka_is_away_senders_are_told_to_come_again() -> None:
    """A 4xx for our own trouble would lose the event: some senders give up at it."""

    async def act(here: Served) -> None:
        here.kept.is_away = True
        answer = await here.send("/hooks/stripe/main", b"{}", signed("stripe", b"{}"))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert here.counts.of("stripe", "main", "not_stored") == 1

    run(one("stripe"), act)


def test_our_own_defect_is_503_and_tells_nothing(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of an exception may hold what was sent."""

    async def act(here: Served) -> None:
        async def broken(*_: object) -> None:
            raise ValueError(HUSH)

        monkeypatch.setattr(here.kept, "put", broken)
        answer = await here.send("/hooks/stripe/main", b"{}", signed("stripe", b"{}"))
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert "unexpected ValueError" in caplog.text
        assert HUSH not in caplog.text + answer.text

    run(one("stripe"), act)


def test_requests_that_are_no_http_leave_no_token_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The library logs a bad line with its text, and the bad line may be the one with the token."""
    caplog.set_level(logging.DEBUG)

    async def act(here: Served) -> None:
        for bad in (
            b"POST /hooks/stripe/main HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\x00\r\n\r\n",
            b"POST /hooks/stripe/main?%b\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
            b"%b / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: x\r\nX: %b" + b"a" * 20_000 + b"\r\n\r\n",
        ):
            assert (await here.raw(bad.replace(b"%b", HUSH.encode()))).startswith(b"HTTP/1.0 400")
        assert "a request was no HTTP" in caplog.text
        assert HUSH not in caplog.text

    run(one("stripe"), act)


def test_two_secrets_hold_while_one_takes_the_others_place() -> None:
    """Nobody changes a secret on both sides at once."""
    former = bytes(range(32, 64))

    async def act(here: Served) -> None:
        for secret in (SECRET, former):
            headers = signed("stripe", b"{}", secret=secret)
            assert (await here.send("/hooks/stripe/main", b"{}", headers)).status == 200

    run([endpoint("stripe", [shown("stripe", SECRET), shown("stripe", former)])], act)


def test_the_same_delivery_has_the_same_id_and_another_installation_another() -> None:
    """Repetitions must be found out, also where two shops send the same bytes."""

    async def act(here: Served) -> None:
        for instance in ("main", "main", "other"):
            headers = signed("typeform", b"{}")
            assert (await here.send(f"/hooks/typeform/{instance}", b"{}", headers)).status == 200
        first, again, other = (raw.delivery_id for raw in here.kept.opened())
        assert first == again != other

    secrets = [shown("typeform", SECRET)]
    run([endpoint("typeform", secrets), endpoint("typeform", secrets, instance="other")], act)


def test_the_signed_id_of_standard_webhooks_is_kept() -> None:
    """It stays the same over all attempts, which the timestamp does not."""

    async def act(here: Served) -> None:
        await here.send("/hooks/formbricks/main", b"{}", signed("formbricks", b"{}"))
        (raw,) = here.kept.opened()
        assert (raw.delivery_id, raw.headers["webhook-id"]) == ("msg_1", "msg_1")

    run(one("formbricks"), act)


def test_a_body_that_comes_too_slowly_is_408() -> None:
    """Who sends a byte a minute would hold a connection for a week."""

    async def act(here: Served) -> None:
        head = b"POST /hooks/stripe/main HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
        answer = await here.raw(head + b"\r\n{")
        assert answer.startswith(b"HTTP/1.1 408")
        assert here.counts.of("stripe", "main", "too_slow") == 1

    run(one("stripe"), act, Reading(most_seconds=0.05))


def test_health_says_whether_what_came_is_stored_and_figures_are_not_for_pages_of_a_browser() -> None:
    """A load balancer asks the first, a monitor the second, and a web page neither."""

    async def act(here: Served) -> None:
        assert (await here.send("/health", b"", {}, "GET")).status == 200
        here.kept.is_away = True
        assert (await here.send("/health", b"", {}, "GET")).status == 503
        assert "cx_receive_deliveries" in (await here.send("/metrics", b"", {}, "GET")).text
        assert (await here.send("/metrics", b"", {"origin": ["https://x.example"]}, "GET")).status == 403
        assert (await here.send("/hooks/stripe/main", b"", {}, "GET")).status == 405

    run(one("stripe"), act)
