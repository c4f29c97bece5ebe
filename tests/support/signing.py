"""Sign deliveries as vendors do, for tests that receive them."""

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from streams.receive.hooks import HOOKS
from streams.receive.signatures import SCHEMES, Delivery, SignatureError

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
    # What is of another scheme is no part of the proof, so it stands where nothing can be put behind it unseen.
    return {"stripe-signature": [f"t={at},v0=00,v1={hmac.new(secret, b'%d.%s' % (at, body), 'sha256').hexdigest()}"]}


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


def way_of(vendor: str) -> Way:
    """Return how a vendor signs."""
    return next(way for way in WAYS if SCHEMES[way.scheme] is HOOKS[vendor].scheme)


def shown(vendor: str, secret: bytes) -> str:
    """Return a secret as its vendor shows it: a text, base64 behind whsec_, or a public key in hexadecimal digits."""
    way = way_of(vendor)
    if way.scheme == "standard_webhooks":
        return "whsec_" + base64.b64encode(secret).decode()
    return way.key(secret).hex() if way.scheme == "discord" else way.key(secret).decode()
