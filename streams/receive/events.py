"""Takes events of the contract over HTTP, at `/v1/events`: a token for each source, and an answer that names refusals.

Where a request holds events that are taken and others that are not, the former are stored. Sending it again is
harmless, for events have ids.
"""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aiohttp import web

from schemas.errors import RegistryUnavailableError
from streams.receive import counting
from streams.receive.answering import Refused, answered, body_of, come_again, headers_of, require_readable, settled
from streams.receive.judging import Verdict, judged, lines_of
from streams.receive.pacing import Pace
from streams.receive.signatures import Delivery, SignatureError, bearer
from streams.receive.storing import UnstoredError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from schemas.codec import Codec
    from streams.receive.answering import Outcome
    from streams.receive.counting import Counts
    from streams.receive.reading import Reading
    from streams.receive.storing import Storing

PATH = "/v1/events"
VENDOR = "events"
"""How the sources file and counters call those who post events themselves."""
ONE, LINES = "application/json", frozenset({"application/x-ndjson", "application/jsonl"})
MOST_BYTES = 2 << 20


class EventSource:
    """Who may post: events of `source`, with one of the tokens; it shows none of them. `clock` is in seconds."""

    __slots__ = ("name", "pace", "source", "tokens")

    def __init__(
        self, name: str, source: str, tokens: Sequence[str], *, rate: float, clock: Callable[[], float]
    ) -> None:
        """Raises ValueError with a sentence where there is no token; `rate` is in requests a second."""
        if not tokens:
            raise ValueError(f"{VENDOR}.{name} has no secret: its token")
        self.name, self.source = name, source
        self.tokens, self.pace = tuple(token.encode() for token in tokens), Pace(rate, clock)


class EventReceiver:
    """Handles the requests of `/v1/events`; `clock` is in microseconds since 1970, `prefix` stands before topics."""

    def __init__(
        self,
        sources: Sequence[EventSource],
        codec: Codec,
        store: Storing,
        reading: Reading,
        counts: Counts,
        *,
        prefix: str,
        clock: Callable[[], int],
    ) -> None:
        self._sources, self._codec, self._prefix, self._clock = sources, codec, prefix, clock
        self._store, self._reading, self._counts = store, reading, counts
        # Judging takes a while, and a registry may have to be asked: webhooks do not wait for that.
        self._judges = ThreadPoolExecutor(1, "cx-judge")

    async def post(self, request: web.Request) -> web.Response:
        """Answer a POST."""
        found = self._whose(request)
        name = "" if isinstance(found, str) else found.name
        outcome, response = await settled(f"{VENDOR}.{name}", self._taken(found, request))
        self._counts.add(VENDOR, name, outcome)
        return answered(request, response)

    def _whose(self, request: web.Request) -> EventSource | str:
        """Return whose the token is, or the reason why it is nobody's; every token is compared."""
        delivery, found, reason = Delivery(headers_of(request), b""), None, "missing_signature"
        for source in self._sources:
            try:
                bearer(delivery, source.tokens, 0.0)
                found = source
            except SignatureError as error:
                reason = error.reason
        return found or reason

    async def _taken(self, found: EventSource | str, request: web.Request) -> Outcome:
        if isinstance(found, str):
            raise Refused(401, found.replace("signature", "token"), {"WWW-Authenticate": "Bearer"})
        require_readable(request, LINES | {ONE}, self._reading.most_bytes)
        if wait := found.pace.wait():
            raise Refused(429, "too_many", {"Retry-After": str(math.ceil(wait))})
        body = await body_of(request, self._reading)
        lines = [(1, body)] if request.content_type == ONE else list(lines_of(body))
        loop = asyncio.get_running_loop()
        try:
            verdict = await loop.run_in_executor(self._judges, judged, self._codec, found.source, lines, self._clock())
        except RegistryUnavailableError:
            raise come_again("no_registry") from None
        await self._stored(verdict)
        self._counts.add(VENDOR, found.name, "event_stored", len(verdict.accepted))
        for line in verdict.refused:
            self._counts.add(VENDOR, found.name, f"event_{line.reason}")
        return _said(verdict)

    async def _stored(self, verdict: Verdict) -> None:
        puts = (self._store.put(self._prefix + topic, record) for topic, record in verdict.accepted)
        results = await asyncio.gather(*puts, return_exceptions=True)
        for result in results:
            if isinstance(result, UnstoredError):
                raise come_again("not_stored")
            if isinstance(result, BaseException):
                raise result


def _said(verdict: Verdict) -> Outcome:
    """Return the answer: 422 where nothing was taken of something."""
    body = {"accepted": len(verdict.accepted), "refused": [line._asdict() for line in verdict.refused]}
    if verdict.refused and not verdict.accepted:
        return "refused", web.json_response(body, status=422)
    return counting.STORED, web.json_response(body)
