"""Takes a delivery: finds whose it is, reads it within bounds, verifies it, stores it, and only then answers 2xx.

The answer is what senders act on. 4xx is said only where sending the same again cannot help; what is our own trouble is
429 or 503 with Retry-After, for some senders give up at other statuses. Nothing of a body, a header or an unknown path
reaches a log, a counter or an answer.
"""

from __future__ import annotations

import logging
import math
import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from streams.ingest.raw import NONCE_BYTES, Raw, delivery_id_of
from streams.receive import counting
from streams.receive.hooks import UnfitError
from streams.receive.reading import BrokenError, TooLargeError, TooSlowError
from streams.receive.signatures import Delivery, SignatureError
from streams.receive.storing import UnstoredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from streams.receive.counting import Counts
    from streams.receive.endpoint import Endpoint
    from streams.receive.reading import Reading
    from streams.receive.storing import Storing

    Act = Callable[[Endpoint, web.Request], Awaitable[tuple[str, web.Response]]]

RETRY_SECONDS = 10
"""When to come again while Kafka is away."""
_MICROSECONDS = 1_000_000
_PLAIN = "identity"
log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - an answer
    """A delivery is not taken: the status that says so, the one word it is counted under, and headers beside it."""

    def __init__(self, status: int, outcome: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(outcome)
        self.status, self.outcome, self.headers = status, outcome, headers


class Receiver:
    """Handles the requests of `/hooks/<vendor>/<instance>`.

    `clock` is in microseconds since 1970. `nonce` returns as many random bytes as it is asked for.
    """

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        store: Storing,
        reading: Reading,
        counts: Counts,
        *,
        clock: Callable[[], int],
        nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._endpoints = {(each.vendor, each.instance): each for each in endpoints}
        self._store, self._reading, self._counts = store, reading, counts
        self._clock, self._nonce = clock, nonce

    async def deliver(self, request: web.Request) -> web.Response:
        """Answer a POST."""
        return await self._answer(request, self._taken)

    async def shake_hands(self, request: web.Request) -> web.Response:
        """Answer an OPTIONS, with which senders of CloudEvents ask whether they may send, and how much.

        Everybody may who has the token, so every origin is allowed; the rate is in requests a minute.
        """
        return await self._answer(request, self._allowed)

    async def _answer(self, request: web.Request, act: Act) -> web.Response:
        vendor, instance = request.match_info["vendor"], request.match_info["instance"]
        endpoint = self._endpoints.get((vendor, instance))
        if endpoint is None:
            self._counts.add("", "", "unknown")
            return _answered(request, web.Response(status=404, text="there is no such hook\n"))
        began = self._clock()
        try:
            outcome, response = await act(endpoint, request)
        except Refused as refused:
            outcome, response = refused.outcome, _refusal(refused)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is our trouble, and the sender is to come again
            log.error("%s.%s: a delivery met an unexpected %s", vendor, instance, type(error).__name__)  # noqa: TRY400
            outcome, response = "failed", _refusal(Refused(503, "failed", {"Retry-After": str(RETRY_SECONDS)}))
        self._counts.add(vendor, instance, outcome)
        if outcome == counting.STORED:
            self._counts.took(vendor, (self._clock() - began) / _MICROSECONDS)
        return _answered(request, response)

    async def _taken(self, endpoint: Endpoint, request: web.Request) -> tuple[str, web.Response]:
        _require_readable(endpoint, request, self._reading.most_bytes)
        headers: dict[str, list[str]] = {}
        for name, value in request.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        delivery, hook = Delivery(headers, await self._body(request)), endpoint.hook
        now = self._clock()
        try:
            hook.scheme(delivery, endpoint.secrets, now / _MICROSECONDS)
            hook.check(delivery)
        except SignatureError as error:
            raise Refused(401, error.reason) from None
        except UnfitError:
            raise Refused(400, "unfit") from None
        if hook.is_ping(delivery.body):
            return counting.PING, web.Response(status=hook.accepted, content_type="application/json")
        if wait := endpoint.pace.wait():
            raise Refused(429, "too_many", {"Retry-After": str(math.ceil(wait))})
        raw = Raw(endpoint.instance, _identity(endpoint, delivery), now, dict(hook.kept(delivery)), delivery.body)
        try:
            await self._store.put(endpoint.topic, endpoint.keys.close(endpoint.topic, raw, self._nonce(NONCE_BYTES)))
        except UnstoredError:
            raise Refused(503, "not_stored", {"Retry-After": str(RETRY_SECONDS)}) from None
        return counting.STORED, web.Response(status=hook.accepted)

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await self._reading.read(request.content)
        except TooLargeError:
            raise Refused(413, "too_large") from None
        except TooSlowError:
            raise Refused(408, "too_slow") from None
        except BrokenError:
            raise Refused(400, "broken") from None

    async def _allowed(self, endpoint: Endpoint, request: web.Request) -> tuple[str, web.Response]:
        origins = request.headers.getall("WebHook-Request-Origin", [])
        if not endpoint.hook.has_handshake:
            raise Refused(405, "wrong_method", {"Allow": "POST"})
        if len(origins) != 1 or not origins[0].isascii():
            raise Refused(400, "unfit")
        allowed = {
            "Allow": "OPTIONS, POST",
            "WebHook-Allowed-Origin": origins[0],
            "WebHook-Allowed-Rate": str(max(1, int(endpoint.rate * 60))),
        }
        return counting.HANDSHAKE, web.Response(headers=allowed)


def _require_readable(endpoint: Endpoint, request: web.Request, most_bytes: int) -> None:
    """Refuse by its headers what need not be read: an unknown form, a compressed body, one that is too large."""
    if len(types := request.headers.getall("Content-Type", [])) != 1 or _media_type(types[0]) not in (
        endpoint.hook.media_types
    ):
        raise Refused(415, "media_type", {"Accept": ", ".join(sorted(endpoint.hook.media_types))})
    if any(each.strip().lower() != _PLAIN for each in request.headers.getall("Content-Encoding", [])):
        raise Refused(415, "compressed", {"Accept-Encoding": _PLAIN})
    if (request.content_length or 0) > most_bytes:
        raise Refused(413, "too_large")


def _media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def _identity(endpoint: Endpoint, delivery: Delivery) -> str:
    """Return the id of a delivery: the sender's own where it is signed, else one of what was sent."""
    hook = endpoint.hook
    if hook.id_header:
        return delivery.headers[hook.id_header][0].strip()
    told = "\0".join(value for name in hook.telling for value in delivery.headers.get(name, ())[-1:])
    told = told.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return delivery_id_of(endpoint.vendor, endpoint.instance, told, delivery.body)


def _refusal(refused: Refused) -> web.Response:
    text = refused.outcome.replace("_", " ") + "\n"
    return web.Response(status=refused.status, text=text, headers=refused.headers)


def _answered(request: web.Request, response: web.Response) -> web.Response:
    """Return the answer; where the body was not read to its end, the connection ends with it."""
    if not request.content.is_eof():
        response.force_close()
    return response
