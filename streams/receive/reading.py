"""Reads bodies within bounds: each one's size and time, and what all of them together hold.

Where all of them would hold more, those that began first and are not done make way. Somebody who sends slowly, or holds
the last byte back ten thousand times, is whom that hits.
"""

import asyncio
from typing import Protocol

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

MOST_BYTES = 1 << 20
MOST_SECONDS = 10.0
MOST_HELD_BYTES = 64 << 20


class Content(Protocol):
    """A body that comes in parts, empty at its end; aiohttp's StreamReader is one."""

    async def readany(self) -> bytes: ...

    def is_eof(self) -> bool:
        """Return whether all of it has come."""
        ...

    def read_nowait(self, n: int = -1) -> bytes: ...


class TooLargeError(Exception):
    """Raised for a body of more bytes than allowed."""


class TooSlowError(Exception):
    """Raised for a body that was not whole in time, or made way for others."""


class BrokenError(Exception):
    """Raised for a body that its sender did not send to the end, or not as HTTP has it."""


class Reading:
    """Reads bodies of at most `most_bytes` in at most `most_seconds`, all of them together `most_held` bytes."""

    def __init__(
        self, most_bytes: int = MOST_BYTES, most_seconds: float = MOST_SECONDS, most_held: int = MOST_HELD_BYTES
    ) -> None:
        self.most_bytes = most_bytes
        self.held = 0
        self._most_seconds, self._most_held = most_seconds, most_held
        self._open: dict[asyncio.Timeout, int] = {}  # in the order in which they began, with what each holds

    async def read(self, content: Content) -> bytes:
        """Return a body; raises TooLargeError, TooSlowError and BrokenError."""
        try:
            if content.is_eof():  # as most are, being small: nothing to wait for
                return self._whole(content)
            return await self._wait_for(content)
        except TimeoutError:
            raise TooSlowError from None
        except (OSError, EOFError, aiohttp.ClientError, HttpProcessingError):
            raise BrokenError from None

    def _whole(self, content: Content) -> bytes:
        body = content.read_nowait()
        if len(body) > self.most_bytes:
            raise TooLargeError
        return body

    async def _wait_for(self, content: Content) -> bytes:
        async with asyncio.timeout(self._most_seconds) as patience:
            self._open[patience] = 0
            try:
                return await self._gather(content, patience)
            finally:
                self.held -= self._open.pop(patience, 0)

    async def _gather(self, content: Content, patience: asyncio.Timeout) -> bytes:
        parts, size = [], 0
        while part := await _next(content):
            size += len(part)
            if size > self.most_bytes:
                raise TooLargeError
            parts.append(part)
            if patience in self._open:
                self._open[patience] = size
                self.held += len(part)
            if self.held > self._most_held:
                self._make_way()
        return b"".join(parts)

    def _make_way(self) -> None:
        first = next(iter(self._open))
        self.held -= self._open.pop(first)
        if not first.expired():
            first.reschedule(asyncio.get_running_loop().time())


async def _next(content: Content) -> bytes:
    try:
        return await content.readany()
    except RuntimeError:  # how aiohttp says that the connection was gone before anybody waited for more
        raise BrokenError from None
