"""Verify that a delivery comes from whom it claims to come from: one scheme for each way in which sources sign.

Every scheme takes the raw body, as no parser has touched it. It raises `SignatureError` with one reason, whatever the
headers hold: senders choose them, and so do attackers. Several secrets hold at a time while one takes the place of
another. All are compared in constant time, and all are compared.

The time is an argument (Unix seconds). A timestamp may be five minutes off, in either direction.
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_SECONDS = 300

Reason = Literal[
    "missing_signature",
    "doubled_signature",
    "malformed_signature",
    "wrong_signature",
    "missing_timestamp",
    "doubled_timestamp",
    "malformed_timestamp",
    "old_timestamp",
    "future_timestamp",
]


class SignatureError(Exception):
    """Raised for a delivery that nobody may trust; `reason` is one of few words, safe to count and to log."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.replace("_", " "))
        self.reason: Reason = reason


class Delivery(NamedTuple):
    """What a sender sent: headers by lower-case name, each with all of its values, and the raw body.

    >>> Delivery({"typeform-signature": ["sha256=X1hj..."]}, b"{}")
    """

    headers: Mapping[str, Sequence[str]]
    body: bytes


class Scheme(Protocol):
    """A way to sign: returns for a delivery that one of the secrets has signed, else raises SignatureError."""

    def __call__(self, delivery: Delivery, secrets: Sequence[bytes], now: float) -> None: ...


def stripe(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify `Stripe-Signature: t=TIME,v1=HEX[,v1=HEX]` over `TIME.BODY` (docs.stripe.com/webhooks/signature)."""
    parts = [part.strip().partition("=") for part in _header(delivery, "stripe-signature", "signature").split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1:
        raise SignatureError("doubled_timestamp" if times else "missing_timestamp")
    found = [_from_hex(value) for name, _, value in parts if name == "v1"]
    _require_recent(_seconds(times[0]), now)
    _require_hmac(found, secrets, f"{times[0]}.".encode() + delivery.body, "sha256")


def zendesk(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify base64 HMAC-SHA256 over timestamp and body with nothing between them (developer.zendesk.com).

    The timestamp is a text such as 2021-03-25T05:09:27Z. A body may be empty.
    """
    found = _from_base64(_header(delivery, "x-zendesk-webhook-signature", "signature"))
    time = _header(delivery, "x-zendesk-webhook-signature-timestamp", "timestamp")
    _require_recent(_iso_seconds(time), now)
    _require_hmac([found], secrets, time.encode() + delivery.body, "sha256")


def standard_webhooks(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify `webhook-signature: v1,BASE64 [v1,BASE64]` over `ID.TIME.BODY` (standardwebhooks.com); Formbricks' way.

    Signatures of other versions are skipped. A secret is the key itself, without whsec_ and base64.
    """
    identity = _header(delivery, "webhook-id", "signature")
    time = _header(delivery, "webhook-timestamp", "timestamp")
    every = [part.partition(",") for part in _header(delivery, "webhook-signature", "signature").split(" ") if part]
    found = [_from_base64(value) for version, _, value in every if version == "v1"]
    _require_recent(_seconds(time), now)
    _require_hmac(found, secrets, f"{identity}.{time}.".encode() + delivery.body, "sha256")


def typeform(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify `Typeform-Signature: sha256=BASE64` over the body (typeform.com/developers/webhooks).

    It has no timestamp, so an old delivery can be sent again: ids have to tell, which are kept for ever.
    """
    del now
    version, _, value = _header(delivery, "typeform-signature", "signature").partition("=")
    if version != "sha256":
        raise SignatureError("malformed_signature")
    _require_hmac([_from_base64(value)], secrets, delivery.body, "sha256")


def segment(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify `X-Signature: HEX`, HMAC-SHA1 over the body (segment.com/docs); it has no timestamp."""
    del now
    _require_hmac([_from_hex(_header(delivery, "x-signature", "signature"))], secrets, delivery.body, "sha1")


def discord(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify Ed25519 over timestamp and body (discord.com/developers); a secret is the application's public key."""
    signature = _from_hex(_header(delivery, "x-signature-ed25519", "signature"))
    time = _header(delivery, "x-signature-timestamp", "timestamp")
    _require_recent(_seconds(time), now)
    signed = time.encode() + delivery.body
    if not any([_is_ed25519(key, signature, signed) for key in secrets]):  # noqa: C419 - all of them, always
        raise SignatureError("wrong_signature")


def bearer(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    """Verify `Authorization: Bearer TOKEN`, for senders that do not sign. The body is not covered."""
    del now
    scheme, _, token = _header(delivery, "authorization", "signature").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise SignatureError("malformed_signature")
    _require_equal([token.strip().encode()], secrets)


def _header(delivery: Delivery, name: str, of: Literal["signature", "timestamp"]) -> str:
    """Return the one value of a header."""
    values = delivery.headers.get(name, ())
    if len(values) > 1:
        raise SignatureError("doubled_signature" if of == "signature" else "doubled_timestamp")
    value = values[0].strip() if values else ""
    if not value:
        raise SignatureError("missing_signature" if of == "signature" else "missing_timestamp")
    if not value.isascii():
        raise SignatureError("malformed_signature" if of == "signature" else "malformed_timestamp")
    return value


def _from_hex(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except ValueError:
        raise SignatureError("malformed_signature") from None


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise SignatureError("malformed_signature") from None


def _seconds(text: str) -> float:
    if not text.isdecimal() or len(text) > len("9999999999"):
        raise SignatureError("malformed_timestamp")
    return float(text)


def _iso_seconds(text: str) -> float:
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is not None:
            return when.timestamp()
    except (ValueError, OverflowError):
        pass
    raise SignatureError("malformed_timestamp")


def _require_recent(then: float, now: float) -> None:
    if now - then > TOLERANCE_SECONDS:
        raise SignatureError("old_timestamp")
    if then - now > TOLERANCE_SECONDS:
        raise SignatureError("future_timestamp")


def _require_hmac(found: Sequence[bytes], secrets: Sequence[bytes], signed: bytes, digest: str) -> None:
    """Require that one of the signatures is that of one of the secrets."""
    if not found:
        raise SignatureError("missing_signature")
    _require_equal(found, [hmac.digest(secret, signed, digest) for secret in secrets])


def _require_equal(found: Iterable[bytes], expected: Sequence[bytes]) -> None:
    """Require that one is among the expected; no comparison is left out, so its time tells nothing."""
    is_equal = False
    for one in found:
        for other in expected:
            is_equal |= hmac.compare_digest(one, other)
    if not is_equal:
        raise SignatureError("wrong_signature")


def _is_ed25519(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


SCHEMES: Mapping[str, Callable[[Delivery, Sequence[bytes], float], None]] = {
    "stripe": stripe,
    "zendesk": zendesk,
    "discord": discord,
    "standard_webhooks": standard_webhooks,
    "typeform": typeform,
    "segment": segment,
    "bearer": bearer,
}
"""Schemes by the name that settings use."""
