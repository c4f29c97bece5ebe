"""Keep the roster of a data directory's workers, and how each fares: written by whoever watches over them.

`after_end` is the whole policy of starting again. It knows no process and no clock.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec

from infra.embedded import checks
from infra.embedded.process import Identity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.settings import Settings

_FILE: Final = "workers.json"
_REQUEST: Final = "workers.restart"


class Rule(msgspec.Struct, frozen=True):
    """Start a worker that ended again: after ``first_s``, twice as long each time, ``longest_s`` at most.

    After ``most`` ends within ``within_s`` it is not.
    """

    first_s: float = 1.0
    longest_s: float = 60.0
    most: int = 10
    within_s: float = 1800.0


class Member(msgspec.Struct, frozen=True):
    """One worker: ``ends`` of late (seconds since 1970), the ``reason`` of the last, when it is due to start again.

    ``again_at`` is 0 while it runs, and where ``over`` says that nobody starts it again.
    """

    number: int
    ends: tuple[float, ...] = ()
    reason: str = ""
    again_at: float = 0.0
    over: bool = False


class Roster(msgspec.Struct, frozen=True):
    """The workers that there should be, and the process (``watcher``, begun at ``created``) that watches over them."""

    watcher: int
    created: float
    members: tuple[Member, ...]


class Request(msgspec.Struct, frozen=True):
    """Ask the watcher to start all workers anew, ``count`` of them; 0 for as many as before."""

    count: int = 0


def after_end(member: Member, now: float, reason: str, *, final: bool, rule: Rule) -> Member:
    """Return how a worker stands that has ended; `final` where starting it again would only repeat the end."""
    ends = (*(at for at in member.ends if now - rule.within_s < at <= now), now)
    known = msgspec.structs.replace(member, ends=ends, reason=reason, again_at=0.0)
    if final or len(ends) >= rule.most:
        return msgspec.structs.replace(known, over=True)
    pause = min(rule.longest_s, rule.first_s * 2.0 ** (len(ends) - 1))
    return msgspec.structs.replace(known, again_at=now + pause)


def recent(known: Roster, now: float, rule: Rule = Rule()) -> list[Member]:  # noqa: B008 - frozen
    """Return how the workers fare now: ends of long ago are forgiven."""
    return [
        msgspec.structs.replace(each, ends=tuple(at for at in each.ends if now - rule.within_s < at <= now))
        for each in known.members
    ]


def is_due(member: Member, now: float, rule: Rule) -> bool:
    """Tell whether a worker is to be started now; a clock that was set back keeps nobody waiting for long."""
    return not member.over and member.again_at > 0 and not now < member.again_at <= now + rule.longest_s


def write(settings: Settings, members: Iterable[Member]) -> None:
    """Write down how the workers fare, as the process that watches over them; nobody sees half of it."""
    me = Identity.of(os.getpid())
    target = settings.data_dir / _FILE
    written = target.with_suffix(".new")
    checks.write_private(written, msgspec.json.encode(Roster(me.pid, me.created, tuple(members))).decode())
    written.replace(target)


def read(settings: Settings) -> Roster | None:
    try:
        return msgspec.json.decode((settings.data_dir / _FILE).read_bytes(), type=Roster)
    except (OSError, msgspec.DecodeError):
        return None


def is_watched(roster: Roster | None) -> bool:
    """Tell whether the process still lives that watches over the workers."""
    return roster is not None and Identity(roster.watcher, roster.created).process() is not None


def forget(settings: Settings) -> None:
    for name in (_FILE, _REQUEST):
        (settings.data_dir / name).unlink(missing_ok=True)


def ask(settings: Settings, request: Request) -> None:
    """Ask the watcher to start the workers anew; `requested` is None again once it has."""
    written = settings.data_dir / f"{_REQUEST}.new"
    checks.write_private(written, msgspec.json.encode(request).decode())
    written.replace(settings.data_dir / _REQUEST)


def requested(settings: Settings) -> Request | None:
    try:
        return msgspec.json.decode((settings.data_dir / _REQUEST).read_bytes(), type=Request)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError):
        return Request()


def done(settings: Settings) -> None:
    """Withdraw what was asked for."""
    (settings.data_dir / _REQUEST).unlink(missing_ok=True)
