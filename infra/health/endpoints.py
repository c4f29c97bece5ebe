"""What workers say of themselves on their web endpoints."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from infra import workers
from infra.health.model import Worker

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.settings import Settings

_PATIENCE_S = 3.0
_MOST_BYTES = 1 << 20


class AddressError(Exception):
    """A worker's address that is none; the message is one sentence."""


def look(told: Settings, urls: Collection[str]) -> list[Worker]:
    """Ask the workers of the data directory and those at the addresses, all at once. Raises AddressError."""
    asked = [(each.name, workers.address(each)) for each in workers.running(told)]
    asked += [(url, _checked(url)) for url in urls]
    if not asked:
        return []
    with ThreadPoolExecutor(min(16, len(asked))) as pool:
        return list(pool.map(lambda each: _ask(*each), asked))


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressError(f"{url!r} is no address of a worker: give one like http://127.0.0.1:6066")
    return url.rstrip("/")


def _ask(name: str, url: str) -> Worker:
    try:
        health, lag = _get(f"{url}/health"), _get(f"{url}/lag")
        return Worker(
            name=name,
            url=url,
            healthy=bool(health["healthy"]),
            state=str(health["state"]),
            last_commit_at=lag["last_commit_at"] / 1e6,
            restore_remaining=lag["restore"]["remaining"],
            entries=lag["entries"],
            records=lag["consumed"],
            dead_letters=lag["dead_letters"],
            clock_ahead=lag["clock_ahead_seconds"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Worker(name=name, url=url, trouble=str(error) or type(error).__name__)


def _get(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:  # noqa: S310 - http or https, checked above
            return json.loads(answer.read(_MOST_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            return json.loads(error.read(_MOST_BYTES))  # an unhealthy worker answers 503 and says why
