"""What every way in has in common: what is refused by its headers, bodies read within bounds, and answers that say why.

The answer is what senders act on. 4xx is said only where sending the same again cannot help; what is our own trouble is
429 or 503 with Retry-After, for some senders give up at other statuses.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from streams.receive.reading import BrokenError, TooLargeError, TooSlowError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from streams.receive.reading import Reading

RETRY_SECONDS = 10
"""When to come again while Kafka is away."""
_PLAIN = "identity"
log = logging.getLogger(__name__)

Outcome = tuple[str, web.Response]
"""What a request is counted under, and its answer."""


class Refused(Exception):  # noqa: N818 - an answer
    """A request is not taken: the status that says so, the one word it is counted under, and headers beside it."""

    def __init__(self, status: int, outcome: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(outcome)
        self.status, self.outcome, self.headers = status, outcome, headers


def come_again(outcome: str) -> Refused:
    """Return the refusal for trouble of ours."""
    return Refused(503, outcome, {"Retry-After": str(RETRY_SECONDS)})


async def settled(what: str, taken: Awaitable[Outcome]) -> Outcome:
    """Return what became of a request, whatever happened; `what` names the way in for the log."""
    try:
        return await taken
    except Refused as refused:
        return refused.outcome, _refusal(refused)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is our trouble, and the sender is to come again
        log.error("%s: a request met an unexpected %s", what, type(error).__name__)  # noqa: TRY400 - it may quote
        return "failed", _refusal(come_again("failed"))


def require_readable(request: web.Request, media_types: frozenset[str], most_bytes: int) -> None:
    """Refuse by its headers what need not be read: an unknown form, a compressed body, one that is too large."""
    types = request.headers.getall("Content-Type", [])
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() not in media_types:
        raise Refused(415, "media_type", {"Accept": ", ".join(sorted(media_types))})
    if any(each.strip().lower() != _PLAIN for each in request.headers.getall("Content-Encoding", [])):
        raise Refused(415, "compressed", {"Accept-Encoding": _PLAIN})
    if (request.content_length or 0) > most_bytes:
        raise Refused(413, "too_large")


async def body_of(request: web.Request, reading: Reading) -> bytes:
    """Return the body; raises Refused."""
    try:
        return await reading.read(request.content)
    except TooLargeError:
        raise Refused(413, "too_large") from None
    except TooSlowError:
        raise Refused(408, "too_slow") from None
    except BrokenError:
        raise Refused(400, "broken") from None


def headers_of(request: web.Request) -> dict[str, list[str]]:
    """Return all values of each header by its lower-case name."""
    headers: dict[str, list[str]] = {}
    for name, value in request.headers.items():
        headers.setdefault(name.lower(), []).append(value)
    return headers


def answered(request: web.Request, response: web.Response) -> web.Response:
    """Return the answer; where the body was not read to its end, the connection ends with it."""
    if not request.content.is_eof():
        response.force_close()
    return response


def _refusal(refused: Refused) -> web.Response:
    text = refused.outcome.replace("_", " ") + "\n"
    return web.Response(status=refused.status, text=text, headers=refused.headers)
