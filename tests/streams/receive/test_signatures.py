"""Whoever can send what we take for a customer's event can move figures: only signed deliveries are let in."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.receive.signatures import SCHEMES, TOLERANCE_SECONDS, Delivery, SignatureError
from tests.support.signing import NOW, RFC_8032, RFC_8032_PUBLIC, WAYS, Headers, Way, by_discord, by_stripe

ways = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.scheme)
secrets_drawn = st.binary(min_size=32, max_size=32)


def test_every_scheme_is_tried() -> None:
    """A scheme that no test signs for could accept anything."""
    assert {way.scheme for way in WAYS} == SCHEMES.keys()


PUBLISHED = [
    (
        "standard_webhooks",
        {
            "webhook-id": ["msg_p5jXN8AQM9LWM0D4loKWxJek"],
            "webhook-timestamp": ["1614265330"],
            "webhook-signature": ["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
        },
        b'{"test": 2432232314}',
        base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        1_614_265_330,
    ),
    (
        "zendesk",
        {
            "x-zendesk-webhook-signature": ["OhyuASlMysBOYZdC/6lrc3gA+Lv49zMKyTnxzdRguy4="],
            "x-zendesk-webhook-signature-timestamp": ["2021-03-25T05:09:27Z"],
        },
        b"{}",
        b"dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==",
        1_616_648_967,
    ),
    (
        "typeform",
        {"typeform-signature": ["sha256=X1hjuYBa1OZulUomD5yrPy6VcYeY3sC7SKZVGViT0Q4="]},
        b"{}",
        b"test",
        0,
    ),
]


@pytest.mark.parametrize(("scheme", "headers", "body", "secret", "now"), PUBLISHED, ids=lambda each: str(each)[:17])
def test_published_vectors_verify(scheme: str, headers: Headers, body: bytes, secret: bytes, now: int) -> None:
    """What signs and what verifies here are from one hand; these vectors are from the vendors'."""
    SCHEMES[scheme](Delivery(headers, body), [secret], now)
    with pytest.raises(SignatureError):
        SCHEMES[scheme](Delivery(headers, body + b" "), [secret], now)


def test_the_public_key_of_the_standard_verifies() -> None:
    """Ed25519 is that of RFC 8032: the key pair is the one printed there."""
    assert RFC_8032.public_key().public_bytes_raw() == RFC_8032_PUBLIC
    headers = by_discord(RFC_8032.private_bytes_raw(), b'{"type":0}', int(NOW))
    SCHEMES["discord"](Delivery(headers, b'{"type":0}'), [RFC_8032_PUBLIC], NOW)


@ways
@given(body=st.binary(max_size=64), secret=secrets_drawn, other=secrets_drawn)
def test_who_has_a_secret_gets_in_and_nobody_else(way: Way, body: bytes, secret: bytes, other: bytes) -> None:
    """During rotation two secrets hold; a wrong one never does, and a body that was changed on the way neither."""
    headers = way.sign(secret, body, int(NOW))
    assert way.reason(headers, body, [secret]) == ""
    assert way.reason(headers, body, [other, secret]) == ""
    if other != secret:
        assert way.reason(headers, body, [other]) == "wrong_signature"
    assert way.reason(headers, body, []) == "wrong_signature"
    if way.covers_body:
        assert way.reason(headers, body + b"\0", [secret]) == "wrong_signature"


@pytest.mark.parametrize("way", [way for way in WAYS if way.has_time], ids=lambda way: way.scheme)
@given(off=st.integers(-2 * TOLERANCE_SECONDS, 2 * TOLERANCE_SECONDS))
def test_what_was_recorded_cannot_be_sent_again_later(way: Way, off: int) -> None:
    """A delivery that somebody recorded is worth nothing after five minutes, nor is one of a clock that runs ahead."""
    headers = way.sign(bytes(32), b"{}", int(NOW) + off)
    expected = "old_timestamp" if off < -TOLERANCE_SECONDS else "future_timestamp" if off > TOLERANCE_SECONDS else ""
    assert way.reason(headers, b"{}", [bytes(32)]) == expected


odd_texts = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", " ", ",", "v1", "v1,", "v1,!", "=", "t=", "t=1,t=2,v1=00", "t=1e400,v1=00", "t=9" * 9, "sha256=", "Bearer"]
    ),
    st.just("t=1614265330"),
    st.sampled_from(["0001-01-01T00:00:00+23:59", "2021-02-30T00:00:00Z", "2021-03-25", "٣", "9" * 400]),
)


@ways
@given(data=st.data())
def test_no_header_breaks_a_scheme(way: Way, data: st.DataObject) -> None:
    """Senders choose headers: each, whatever it holds, once, twice or not at all, is refused with a reason."""
    headers = dict(way.sign(bytes(32), b"{}", int(NOW)))
    for name in data.draw(st.sets(st.sampled_from(sorted(headers)), min_size=1)):
        headers[name] = data.draw(st.lists(odd_texts, max_size=2))
        if headers[name] == []:
            del headers[name]
    assert way.reason(headers, b"{}", [bytes(32)]) != ""


@ways
def test_one_signature_and_no_second(way: Way) -> None:
    """Two headers of one name are read by some proxies as the first and by some as the last."""
    headers = way.sign(bytes(32), b"{}", int(NOW))
    for name, values in headers.items():
        reason = way.reason({**headers, name: [*values, *values]}, b"{}", [bytes(32)])
        assert reason in ("doubled_signature", "doubled_timestamp")


def test_a_sender_that_changes_its_secret_may_sign_with_both() -> None:
    """Stripe and Standard Webhooks send a signature for each secret while one takes the place of another."""
    old = by_stripe(bytes(32), b"{}", int(NOW))["stripe-signature"][0]
    new = by_stripe(b"\1" * 32, b"{}", int(NOW))["stripe-signature"][0].partition(",")[2]
    headers = {"stripe-signature": [f"{old},{new}"]}
    assert WAYS[0].reason(headers, b"{}", [bytes(32)]) == WAYS[0].reason(headers, b"{}", [b"\1" * 32]) == ""
