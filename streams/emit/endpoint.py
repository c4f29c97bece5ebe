"""Speaks to `/v1/events`: one connection, one POST at a time, and what its answer says of each line."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

import msgspec

PATH = "/v1/events"
SECONDS = 30.0
"""Wait so long for a connection, and for an answer."""
MOST_ANSWER_BYTES = 4 << 20
_TYPE = "application/x-ndjson"
_BROKEN = (OSError, HTTPException, UnicodeError)
"""What a connection that fails raises; the last is of names that cannot be looked up."""


class Refused(msgspec.Struct, frozen=True):
    """An event that was not taken: `line` counts from 1, reason and detail are those of a dead letter."""

    line: int
    reason: str
    detail: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """An answer about a body of lines: how many events were stored, and which were refused."""

    accepted: int = 0
    refused: tuple[Refused, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What came back: `verdict` is None where the answer tells nothing of lines, `wait` (seconds) its Retry-After."""

    status: int
    verdict: Verdict | None = None
    wait: float | None = None
    said: str = ""


class Unanswered(Exception):  # noqa: N818 - what happened to the request
    """No answer came: the same body may be sent again."""


class Endpoint:
    """Where events are posted to, with the token that says whose they are; not to be shared between threads.

    `url` is the server's, or that of the route itself: https://cx.example.com is https://cx.example.com/v1/events.
    Raises ValueError for one that cannot be meant, and for plain HTTP to another machine, which would show the token
    to everybody on the way, unless `insecure`.
    """

    def __init__(self, url: str, token: str, *, context: ssl.SSLContext | None = None, insecure: bool = False) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
            raise ValueError("the address of a server is such as https://cx.example.com")
        if not (token.isascii() and token.isprintable() and token and " " not in token):
            raise ValueError("a token is printable ASCII without spaces")
        if parts.scheme == "http" and not (insecure or _is_here(parts.hostname)):
            raise ValueError(
                f"http://{parts.hostname} would show the token on the way: use https, or say insecure=True"
            )
        self._path = parts.path if parts.path not in {"", "/"} else PATH
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": _TYPE, "Accept": "application/json"}
        self._connection: HTTPConnection = (
            HTTPSConnection(parts.hostname, parts.port, timeout=SECONDS, context=context)
            if parts.scheme == "https"
            else HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
        )

    def post(self, body: bytes) -> Answer:
        """Post lines and return the answer; raises Unanswered.

        A server closes connections that nobody uses for some time, and may do so as we begin: a request on one that
        was used before is then sent once more, on a new one.
        """
        try:
            if self._connection.sock is not None:
                with suppress(ConnectionError):
                    return self._posted(body)
                self.close()
            return self._posted(body)
        except _BROKEN as error:
            self.close()
            raise Unanswered(f"{type(error).__name__}: {error}") from error

    def _posted(self, body: bytes) -> Answer:
        self._connection.request("POST", self._path, body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read(MOST_ANSWER_BYTES + 1)
        if len(content) > MOST_ANSWER_BYTES:
            self.close()
            content = b""
        return _read(answer, content)

    def close(self) -> None:
        with suppress(OSError):
            self._connection.close()


def _read(answer: HTTPResponse, content: bytes) -> Answer:
    verdict = None
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        verdict = msgspec.json.decode(content, type=Verdict)
    said = f"HTTP {answer.status} {answer.reason}: {content[:200].decode(errors='replace')}"
    plain = "".join(each if each.isprintable() else " " for each in said)
    return Answer(answer.status, verdict, _seconds(answer.headers.get("Retry-After", "")), plain)


def _seconds(text: str) -> float | None:
    """Return a Retry-After in seconds; a date, which clocks disagree on, counts as none."""
    digits = text.strip()
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) <= len("86400") else None


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"
