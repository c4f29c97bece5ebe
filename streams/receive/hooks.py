"""How each vendor delivers: how it signs, what of its headers is kept, which bodies it sends, which answer it expects.

A vendor is a line of `HOOKS`. What it keeps is a list of what is allowed, so Authorization, cookies and signatures
reach no topic. An id is taken from a header only where the signature covers it; otherwise it is worked out from what
was sent (`streams.ingest.raw.delivery_id_of`).
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from streams.receive import signatures
from streams.receive.signatures import Delivery

JSON = frozenset({"application/json"})
EVENT, EVENTS = "application/cloudevents+json", "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
BINARY_EVENT = ("ce-id", "ce-source", "ce-specversion", "ce-type")
"""Headers that every CloudEvent has whose attributes stand beside its data."""
_ED25519_BYTES = 32


class UnfitError(Exception):
    """Raised for a signed delivery that can be no delivery of its vendor; the message says why, without values."""


class _Kind(msgspec.Struct):
    type: int


def text_key(text: str) -> bytes:
    """Return a secret that is its own key, as Stripe, Zendesk, Typeform and Segment have it."""
    return text.encode()


def base64_key(text: str) -> bytes:
    """Return the key of a Standard Webhooks secret, `whsec_` and base64; raises ValueError with a sentence."""
    try:
        key = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError("a secret of Standard Webhooks is whsec_ and base64")
    return key


def public_key(text: str) -> bytes:
    """Return a Discord application's public key, 64 hexadecimal digits; raises ValueError with a sentence."""
    try:
        key = binascii.unhexlify(text)
        Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise ValueError("Discord's secret is the application's public key: 64 hexadecimal digits") from None
    return key


def is_ping_of_discord(body: bytes) -> bool:
    """Return whether a body is the PING that Discord tries an endpoint with; what cannot be read is none."""
    try:
        return msgspec.json.decode(body, type=_Kind).type == 0
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def require_event(delivery: Delivery) -> None:
    """Require the attributes of a CloudEvent whose data is the body; raises UnfitError."""
    if delivery.headers["content-type"][0].partition(";")[0].strip().lower() in JSON:
        lacking = [name for name in BINARY_EVENT if len(delivery.headers.get(name, ())) != 1]
        if lacking:
            raise UnfitError(f"no CloudEvent: {', '.join(lacking)} must be there once")


def _never(_: bytes) -> bool:
    return False


def _whatever(_: Delivery) -> None:
    return None


class Hook(NamedTuple):
    """How a vendor delivers.

    `headers` are kept beside content-type, and so are all that begin with one of `families`. `id_header` names the
    delivery and is signed. `telling` are kept headers without which equal bodies are not equal deliveries. `accepted`
    is the status that says "stored". `key_of` reads a secret's text. `check` raises UnfitError. A PING is answered and
    not stored. With `has_handshake` OPTIONS is answered as CloudEvents' web hooks have it.

    >>> Hook(signatures.standard_webhooks, key_of=base64_key, headers=frozenset({"webhook-id"}), id_header="webhook-id")
    """

    scheme: Callable[[Delivery, Sequence[bytes], float], None]
    key_of: Callable[[str], bytes] = text_key
    headers: frozenset[str] = frozenset()
    families: tuple[str, ...] = ()
    id_header: str = ""
    telling: tuple[str, ...] = ()
    media_types: frozenset[str] = JSON
    accepted: int = 200
    is_ping: Callable[[bytes], bool] = _never
    check: Callable[[Delivery], None] = _whatever
    has_handshake: bool = False

    def kept(self, delivery: Delivery) -> Iterator[tuple[str, str]]:
        """Yield the headers that may be stored, the last value of each, as texts that can be written."""
        for name, values in delivery.headers.items():
            if name == "content-type" or name in self.headers or name.startswith(self.families or ("\0",)):
                yield name, values[-1].encode("utf-8", "surrogateescape").decode("utf-8", "replace")


_STANDARD = Hook(
    signatures.standard_webhooks,
    key_of=base64_key,
    headers=frozenset({"webhook-id", "webhook-timestamp"}),
    id_header="webhook-id",
)

HOOKS: Mapping[str, Hook] = {
    "stripe": Hook(signatures.stripe),
    "zendesk": Hook(
        signatures.zendesk,
        headers=frozenset(
            {
                "x-zendesk-account-id",
                "x-zendesk-webhook-id",
                "x-zendesk-webhook-invocation-id",
                "x-zendesk-webhook-signature-timestamp",
            }
        ),
    ),
    "discord": Hook(
        signatures.discord,
        key_of=public_key,
        headers=frozenset({"x-signature-timestamp"}),
        accepted=204,
        is_ping=is_ping_of_discord,
    ),
    "formbricks": _STANDARD,
    "standard_webhooks": _STANDARD,
    "typeform": Hook(signatures.typeform),
    "delighted": Hook(signatures.bearer, media_types=JSON | {LINES}),
    "segment": Hook(signatures.segment),
    "rudderstack": Hook(signatures.bearer),
    "cloudevents": Hook(
        signatures.bearer,
        families=("ce-",),
        telling=("ce-source", "ce-id"),
        media_types=JSON | {EVENT, EVENTS},
        accepted=202,
        check=require_event,
        has_handshake=True,
    ),
}
"""Vendors by their name in the sources file and in the path."""
