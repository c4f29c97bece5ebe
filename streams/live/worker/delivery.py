"""Signals to people and programs: a signed webhook, or the log where none is set."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import traceback
from typing import TYPE_CHECKING, Protocol

import aiohttp
import msgspec

from streams.live.worker.webhook_key import signing_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.core.algebra import Signal

log = logging.getLogger(__name__)

_OK = range(200, 300)
_TIMEOUT_SECONDS = 10.0
_LONGEST_PAUSE = 60.0


class DeliveryFailedError(Exception):
    """The receiver did not take a signal; it may be sent again, its id stays the same."""


class Delivery(Protocol):
    """Takes one signal at a time. Raises DeliveryFailedError, and the caller repeats; twice may arrive twice."""

    async def deliver(self, signal: Signal) -> None:
        """Return when the receiver has taken the signal."""

    async def close(self) -> None:
        """Release connections."""


class LogDelivery:
    """Writes signals to the log as one line of JSON each."""

    async def deliver(self, signal: Signal) -> None:
        log.info("signal %s", msgspec.json.encode(signal).decode())

    async def close(self) -> None:
        """Hold nothing."""


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the `webhook-signature` of the Standard Webhooks specification: HMAC-SHA256 over id.timestamp.body.

    One signature per secret, so that a receiver can change its secret without losing a message. A secret that begins
    with whsec_ is base64 behind that, as the specification has it; any other is taken as it is.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digests = (hmac.new(signing_key(secret), signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class WebhookDelivery:
    """Posts signals as JSON with the headers of Standard Webhooks; `webhook-id` is the signal's id.

    `clock` tells microseconds since 1970 (UTC). Raises ValueError where a secret is no key, or there is none. The
    address may hold a token of the receiver's: no message repeats it.
    """

    def __init__(self, url: str, secrets: Sequence[bytes], clock: Callable[[], int]) -> None:
        if not secrets:
            raise ValueError("without a key nobody can tell our signals from others'")
        for secret in secrets:
            signing_key(secret)
        self._url = url
        self._secrets = secrets
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, signal: Signal) -> None:
        body = msgspec.json.encode(signal)
        timestamp = self._clock() // 1_000_000
        headers = {
            "content-type": "application/json",
            "webhook-id": signal.signal_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secrets, signal.signal_id, timestamp, body),
        }
        self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS))
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DeliveryFailedError(_reason(error)) from None
        if status not in _OK:
            raise DeliveryFailedError(f"the receiver answered {status}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _reason(error: Exception) -> str:
    """Return what went wrong without the address, which the texts of HTTP clients repeat."""
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    said = cause.strerror if isinstance(cause, OSError) else None
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


async def persistently(delivery: Delivery, signal: Signal, attempts: int, pause: float = 1.0) -> bool:
    """Deliver with pauses that double up to a minute; return False when every attempt failed, for whatever reason."""
    for attempt in range(1, attempts + 1):
        try:
            await delivery.deliver(signal)
        except DeliveryFailedError as error:
            log.warning("signal %s, attempt %d of %d: %s", signal.signal_id, attempt, attempts, error)
        except Exception as error:  # noqa: BLE001 - what is let through is acknowledged and lost
            where = "".join(traceback.format_tb(error.__traceback__))  # without its text, which may hold the address
            name = type(error).__name__
            log.error("signal %s, attempt %d of %d: %s at\n%s", signal.signal_id, attempt, attempts, name, where)  # noqa: TRY400
        else:
            return True
        if attempt < attempts:
            await asyncio.sleep(min(pause * 2 ** (attempt - 1), _LONGEST_PAUSE))
    return False
