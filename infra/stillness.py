"""A block of time in which no worker writes: ours are stopped and started again, others' are only looked for."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra import keeper, roster, wiring, workers
from infra.deployment import recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings

# A worker that was killed elsewhere is counted in by the group until its session has timed out.
_FAREWELL_S = 15.0


def members(settings: Settings) -> list[str]:
    """Return the hosts of the group's workers, wherever they run, one entry for each worker.

    The group counts a worker with a stable name in until its session has timed out. Those of the data directory are
    left out where they have ended.
    """
    gone = workers.ended(settings)
    admin = wiring.admin(settings)
    try:
        found = admin.describe_groups([settings.group])[settings.group]["members"]
        return sorted(
            str(member["client_host"]).lstrip("/") for member in found if member.get("group_instance_id") not in gone
        )
    finally:
        admin.close()


def ours(told: Settings) -> list[str]:
    """Return the names of the workers that run on the data directory and would be stopped."""
    return [] if _elsewhere(told) else [worker.name for worker in workers.running(told)]


@contextmanager
def still(told: Settings, here: Settings) -> Iterator[workers.Rest]:
    """Run a block while no worker does. Raises Unreachable where that is not ours to arrange.

    ``told`` are the settings as they were given, ``here`` those that name running servers. Workers that an earlier
    block stopped and never started again, because it was killed, are started in the end too.
    """
    record = None if _elsewhere(told) else recorded(told)
    if record is None:
        require_nobody(here)
        yield workers.Rest()
        return
    with workers.pause(told, here) as rest:
        require_nobody(here, _FAREWELL_S)
        yield rest


def wake(told: Settings, here: Settings) -> None:
    """Start the workers that a killed block has left stopped."""
    record = None if _elsewhere(told) else recorded(told)
    if record is not None:
        workers.wake(told, here)


def require_handover(told: Settings) -> None:
    """Raise Unreachable where whoever watches over the workers would start those of its own release again."""
    if not _elsewhere(told) and roster.is_watched(known := roster.read(told)) and keeper.running(told) is None:
        assert known is not None
        raise wiring.Unreachable(
            f"`cx up` (process {known.watcher}) watches over the workers and would start those of its release again:"
            " end it, start it with `cx up --detach --no-demo` of that release, and give this command again"
        )


def hand_over(told: Settings) -> None:
    """End the keeper, so that the workers that stand still are started by another release."""
    if not _elsewhere(told):
        keeper.stop(told)


def keep(told: Settings, here: Settings) -> None:
    """Let a keeper of this release watch over the workers of a detached deployment that nobody watches over."""
    record = None if _elsewhere(told) else recorded(told)
    running = workers.running(told) if record is not None and record.detached else []
    if running and not roster.is_watched(roster.read(told)):
        keeper.start(told, here, max(map(workers.number_of, running)))


def require_nobody(here: Settings, patience_s: float = 0.0) -> None:
    """Raise Unreachable while the group has members; wait for them to leave for as long as the patience lasts."""
    deadline = time.monotonic() + patience_s
    while found := members(here):
        if time.monotonic() >= deadline:
            hosts = ", ".join(sorted(set(found)))
            raise wiring.Unreachable(
                f"{len(found)} workers run elsewhere (on {hosts}) and would go on writing to the former tables:"
                " stop them first"
            )
        time.sleep(0.2)


def _elsewhere(told: Settings) -> bool:
    return told.stack == "external"
