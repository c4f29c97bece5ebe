"""Takes a delivery: finds whose it is, reads it within bounds, verifies it, stores it, and only then answers 2xx.

Nothing of a body, a header or an unknown path reaches a log, a counter or an answer.
"""

from __future__ import annotations

import math
import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from streams.ingest.raw import NONCE_BYTES, Raw, delivery_id_of
from streams.receive import counting
from streams.receive.answering import Refused, answered, body_of, come_again, headers_of, require_readable, settled
from streams.receive.hooks import UnfitError
from streams.receive.signatures import Delivery, SignatureError
from streams.receive.storing import UnstoredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from streams.receive.answering import Outcome
    from streams.receive.counting import Counts
    from streams.receive.endpoint import Endpoint
    from streams.receive.reading import Reading
    from streams.receive.storing import Storing

    Act = Callable[[Endpoint, web.Request], Awaitable[Outcome]]

_MICROSECONDS = 1_000_000


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
            return answered(request, web.Response(status=404, text="there is no such hook\n"))
        began = self._clock()
        outcome, response = await settled(f"{vendor}.{instance}", act(endpoint, request))
        self._counts.add(vendor, instance, outcome)
        if outcome == counting.STORED:
            self._counts.took(vendor, (self._clock() - began) / _MICROSECONDS)
        return answered(request, response)

    async def _taken(self, endpoint: Endpoint, request: web.Request) -> Outcome:
        hook = endpoint.hook
        require_readable(request, hook.media_types, self._reading.most_bytes)
        delivery = Delivery(headers_of(request), await body_of(request, self._reading))
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
            raise come_again("not_stored") from None
        return counting.STORED, web.Response(status=hook.accepted)

    async def _allowed(self, endpoint: Endpoint, request: web.Request) -> Outcome:
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


def _identity(endpoint: Endpoint, delivery: Delivery) -> str:
    """Return the id of a delivery: the sender's own where it is signed, else one of what was sent."""
    hook = endpoint.hook
    if hook.id_header:
        return delivery.headers[hook.id_header][0].strip()
    told = "\0".join(value for name in hook.telling for value in delivery.headers.get(name, ())[-1:])
    told = told.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return delivery_id_of(endpoint.vendor, endpoint.instance, told, delivery.body)
