"""Read what workers say of themselves on their web endpoints."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from infra import workers
from infra.deployment import worker_directory
from infra.health.model import Worker

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra.embedded.process import ServerProcess
    from infra.roster import Member
    from infra.settings import Settings

_PATIENCE_S = 3.0
_MOST_BYTES = 1 << 20
STARTS_S = 60.0
"""A worker answers some seconds after its process has begun; one that is still silent after so many hangs."""


class AddressError(Exception):
    """A worker's address that is none; the message is one sentence."""


def look(told: Settings, urls: Collection[str], now: float, members: Collection[Member] = ()) -> list[Worker]:
    """Ask the workers of the data directory and those at the addresses, all at once; name members that do not run.

    ``now`` in seconds since 1970. Raises AddressError.
    """
    known = {f"worker {member.number}": member for member in members}
    ours = {each.name: each for each in workers.running(told)}
    asked = [(name, workers.address(each)) for name, each in ours.items()]
    gone = [_gone(told, member) for name, member in known.items() if name not in dict(asked)]
    asked += [(url, _checked(url)) for url in urls]
    if not asked:
        return gone
    with ThreadPoolExecutor(min(16, len(asked))) as pool:
        found = [_silent(each, ours.get(each.name), now) for each in pool.map(lambda each: _ask(*each), asked)]
    return sorted([*(_with_ends(each, known.get(each.name)) for each in found), *gone], key=lambda each: each.name)


def undone(told: Settings) -> tuple[int, int] | None:
    """Return how many source partitions the workers of the data directory have, and what these have left to do.

    A worker that does not answer has none of them. None where no worker runs there, or one of a release that says
    nothing of it.
    """
    owned = left = 0
    running = workers.running(told)
    for url in map(workers.address, running):
        try:
            lag = _get(f"{url}/lag")
        except (OSError, ValueError):
            continue
        if "undone" not in lag:
            return None
        owned, left = owned + lag["owned"], left + lag["undone"]
    return (owned, left) if running else None


def _silent(worker: Worker, process: ServerProcess | None, now: float) -> Worker:
    """Say of a worker that does not answer what its process tells: that a signal has stopped it, or that it starts."""
    if not worker.trouble or process is None:
        return worker
    if process.frozen():
        trouble = f"process {process.pid} was stopped by a signal, and goes on after `kill -CONT {process.pid}`"
        return msgspec.structs.replace(worker, trouble=trouble)
    if abs(now - process.identity.created) < STARTS_S:  # a clock that was set makes nobody young for long
        return msgspec.structs.replace(worker, trouble="", state="starting")
    return worker


def _gone(told: Settings, member: Member) -> Worker:
    """Return what is known of a worker that should run and does not."""
    log = worker_directory(told, member.number) / workers.LOG
    reason = member.reason if member.again_at or member.over else f"its log says last: {workers.last_line(log)}"
    return _with_ends(Worker(name=f"worker {member.number}", url=""), msgspec.structs.replace(member, reason=reason))


def _with_ends(worker: Worker, member: Member | None) -> Worker:
    if member is None:
        return worker
    return msgspec.structs.replace(
        worker, ended=len(member.ends), reason=member.reason, again_at=member.again_at, over=member.over
    )


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
