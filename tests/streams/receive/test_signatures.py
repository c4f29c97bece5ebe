"""Whoever can send what we take for a customer's event can move figures: only signed deliveries are let in."""

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from streams.receive.signatures import SCHEMES, TOLERANCE_SECONDS, Delivery, SignatureError

NOW = 1_614_265_330.0
RFC_8032 = Ed25519PrivateKey.from_private_bytes(
    bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
)
"""The secret key of RFC 8032, 7.1, test 1; the public one is D75A...511A."""
RFC_8032_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

Headers = Mapping[str, Sequence[str]]


def base64_hmac(secret: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()


def by_stripe(secret: bytes, body: bytes, at: int) -> Headers:
    return {"stripe-signature": [f"t={at},v1={hmac.new(secret, b'%d.%s' % (at, body), 'sha256').hexdigest()},v0=00"]}


def by_zendesk(secret: bytes, body: bytes, at: int) -> Headers:
    time = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "x-zendesk-webhook-signature": [base64_hmac(secret, time.encode() + body)],
        "x-zendesk-webhook-signature-timestamp": [time],
    }


def by_standard_webhooks(secret: bytes, body: bytes, at: int) -> Headers:
    signature = base64_hmac(secret, b"msg_1.%d." % at + body)
    return {"webhook-id": ["msg_1"], "webhook-timestamp": [str(at)], "webhook-signature": [f"v1a,AAAA v1,{signature}"]}


def by_typeform(secret: bytes, body: bytes, _at: int) -> Headers:
    return {"typeform-signature": ["sha256=" + base64_hmac(secret, body)]}


def by_segment(secret: bytes, body: bytes, _at: int) -> Headers:
    return {"x-signature": [hmac.new(secret, body, "sha1").hexdigest()]}


def by_discord(secret: bytes, body: bytes, at: int) -> Headers:
    signed = Ed25519PrivateKey.from_private_bytes(secret).sign(b"%d" % at + body)
    return {"x-signature-ed25519": [signed.hex()], "x-signature-timestamp": [str(at)]}


def by_bearer(secret: bytes, _body: bytes, _at: int) -> Headers:
    return {"authorization": ["Bearer " + secret.hex()]}


class Way(NamedTuple):
    """How a sender signs, and which key verifies that; `covers` what a changed delivery is found out by."""

    scheme: str
    sign: Callable[[bytes, bytes, int], Headers]
    has_time: bool = True
    covers_body: bool = True

    def key(self, secret: bytes) -> bytes:
        if self.scheme == "discord":
            return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
        return secret.hex().encode() if self.scheme == "bearer" else secret

    def reason(self, headers: Headers, body: bytes, secrets: Sequence[bytes], now: float = NOW) -> str:
        """Return why a delivery is refused; empty where it is accepted."""
        try:
            SCHEMES[self.scheme](Delivery(headers, body), [self.key(each) for each in secrets], now)
        except SignatureError as error:
            return error.reason
        return ""


WAYS = [
    Way("stripe", by_stripe),
    Way("zendesk", by_zendesk),
    Way("standard_webhooks", by_standard_webhooks),
    Way("typeform", by_typeform, has_time=False),
    Way("segment", by_segment, has_time=False),
    Way("discord", by_discord),
    Way("bearer", by_bearer, has_time=False, covers_body=False),
]
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
