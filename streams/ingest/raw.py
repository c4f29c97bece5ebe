"""The raw record: what a source sent, as it lies on `cx.raw.<source>` until it is translated, and again after that.

A body is personal data, so only its ciphertext is stored: AES-256-GCM under a key of the source's instance. The cipher
also covers topic, instance and delivery id, so a body that is moved to another record cannot be opened there. Whoever
destroys the key has erased what it closed, wherever copies are.

Everything else stands in Kafka headers, readable without a key: the instance, the delivery's id, when it was received,
which key closed it, and those of the sender's headers that its source's list allows.

    headers:  cx-instance, cx-delivery, cx-received-at, cx-key, http-<name> ...
    key:      the delivery's id
    value:    12 bytes of nonce, ciphertext, 16 bytes of tag
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOPIC = "raw."
"""Begins the short name of every raw topic; the vendor stands behind it."""
KEY_BYTES = 32
NONCE_BYTES = 12
_INSTANCE, _DELIVERY, _RECEIVED_AT, _KEY = "cx-instance", "cx-delivery", "cx-received-at", "cx-key"
_OF_SENDER = "http-"
_DELIVERIES = UUID("0a0c7d9a-63a1-5c0a-8f4e-0d8b6d8a2b41")

KafkaHeaders = Sequence[tuple[str, bytes]]


class SealedError(Exception):
    """Raised for a record that cannot be opened: its key is gone, or it is not the record that was written."""


class Raw(NamedTuple):
    """One delivery of one instance of a source, with its body in the clear.

    `received_at` is in microseconds. `headers` are the allowed ones, by lower-case name.

    >>> Raw("main", "evt_1", 1_700_000_000_000_000, {"webhook-id": "evt_1"}, b"{}")
    """

    instance: str
    delivery_id: str
    received_at: int
    headers: Mapping[str, str]
    body: bytes


class SealedRecord(NamedTuple):
    """A raw record as Kafka has it."""

    key: bytes
    value: bytes
    headers: KafkaHeaders


class BodyKeys:
    """The keys of one instance: the first closes what comes in, and each opens what it has closed.

    A key is taken out of use by putting another before it, and destroyed by leaving it out.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Hold keys of 32 bytes. Raises ValueError where there is none, or one has another length."""
        if not keys:
            raise ValueError("no key: bodies are stored closed, or not at all")
        if any(len(key) != KEY_BYTES for key in keys):
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._ciphers = {_name_of(key): AESGCM(key) for key in reversed(keys)}
        self._first = _name_of(keys[0])

    def close(self, topic: str, raw: Raw, nonce: bytes) -> SealedRecord:
        """Return the record of a delivery. `nonce` is 12 random bytes that no other record has."""
        value = nonce + self._ciphers[self._first].encrypt(
            nonce, raw.body, _bound(topic, raw.instance, raw.delivery_id)
        )
        own = {
            _INSTANCE: raw.instance,
            _DELIVERY: raw.delivery_id,
            _RECEIVED_AT: str(raw.received_at),
            _KEY: self._first,
        }
        sent = ((_OF_SENDER + name, value.encode()) for name, value in raw.headers.items())
        headers = [*((name, text.encode()) for name, text in own.items()), *sent]
        return SealedRecord(raw.delivery_id.encode(), value, headers)

    def open(self, topic: str, value: bytes, headers: KafkaHeaders) -> Raw:
        """Return the delivery of a record; raises SealedError."""
        try:
            texts = {name: text.decode() for name, text in headers}
            instance, delivery_id, received_at = texts[_INSTANCE], texts[_DELIVERY], int(texts[_RECEIVED_AT])
            cipher = self._ciphers.get(texts[_KEY])
        except (KeyError, ValueError) as error:
            raise SealedError(f"no raw record: {error!r}") from None
        if cipher is None:
            raise SealedError("its key is not among those of its instance")
        try:
            bound = _bound(topic, instance, delivery_id)
            body = cipher.decrypt(value[:NONCE_BYTES], value[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise SealedError("it is not what was written, or not where it was written") from None
        sent = {name.removeprefix(_OF_SENDER): text for name, text in texts.items() if name.startswith(_OF_SENDER)}
        return Raw(instance, delivery_id, received_at, sent, body)


def instance_of(headers: KafkaHeaders) -> str:
    """Return the instance that a record is of, so that its keys can be found; raises SealedError."""
    for name, value in headers:
        if name == _INSTANCE:
            return value.decode("utf-8", "replace")
    raise SealedError("no raw record: it names no instance")


def delivery_id_of(source: str, instance: str, route: str, body: bytes) -> str:
    """Return the id of a delivery whose sender gives none: the same for the same bytes on the same way in."""
    return str(uuid5(_DELIVERIES, "\0".join((source, instance, route, hashlib.sha256(body).hexdigest()))))


def allowed(headers: Iterable[tuple[str, str]], names: frozenset[str]) -> dict[str, str]:
    """Return the headers that a list allows, by lower-case name; of one that comes twice the last value."""
    return {name.lower(): value for name, value in headers if name.lower() in names}


def _name_of(key: bytes) -> str:
    """Return the public name of a key, from which nobody can tell the key."""
    return base64.b32encode(hashlib.sha256(b"cxledger body key\0" + key).digest()[:10]).decode().lower()


def _bound(topic: str, instance: str, delivery_id: str) -> bytes:
    return f"{topic}\0{instance}\0{delivery_id}".encode()
