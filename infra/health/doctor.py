"""Go through everything for `cx doctor`: each part for itself, so that one that cannot be examined hides no other."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING

from infra import wiring
from infra.health import contract, log_of_record, warehouse
from infra.health.look import reason, silent
from infra.health.model import Check
from infra.health.pages import BROKER, CLICKHOUSE, DISK
from infra.health.text import size
from streams.live.errors import EngineStopped
from streams.live.worker.policies import PolicyWatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra.settings import Settings

_POLICY_PATIENCE_S = 10.0
_MIN_FREE = 1 << 30


def examine(told: Settings, here: Settings | None, absent: str = "") -> Iterator[Check]:
    """Yield every check; ``here`` names running servers, and is None where ``absent`` says why there are none."""
    yield from _folder(told)
    yield from contract.of_code()
    if here is None:
        yield Check("servers", "fail", absent, "start them, or name them in the settings", BROKER)
        return
    yield from _guarded("kafka", BROKER, lambda: log_of_record.examine(here))
    yield from _guarded("policies", BROKER, lambda: _policies(here))
    yield from _guarded("newest records", BROKER, lambda: contract.of_topics(here))
    yield from _guarded("registry", BROKER, lambda: contract.of_registry(here))
    yield from _guarded("clickhouse", CLICKHOUSE, lambda: warehouse.examine(here))


def _guarded(name: str, runbook: str, examined: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield a part's checks; where it cannot be reached, that is the check."""
    try:
        yield from examined()
    except (*silent(), EngineStopped) as error:
        yield Check(name, "fail", f"{name} could not be examined: {reason(error)}", "see whether it runs", runbook)


def _folder(told: Settings) -> Iterator[Check]:
    folder = told.data_dir
    if not folder.exists():
        yield Check("data directory", "ok", f"there is no data directory {folder} yet")
        return
    owner, me = folder.stat().st_uid, os.geteuid()
    if owner != me:
        said = f"{folder} belongs to user {owner}, this is user {me}"
        yield Check("data directory", "warn", said, "run as its owner, or give it to this user", DISK)
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield Check("data directory", "fail", f"{folder} cannot be written", "give its owner the right to write", DISK)
    else:
        yield Check("data directory", "ok", f"{folder} is ours and can be written")
    free = shutil.disk_usage(folder).free
    yield Check("space", "ok" if free >= _MIN_FREE else "fail", f"{size(free)} free at {folder}", "free some", DISK)
    yield _state(told)


def _state(told: Settings) -> Check:
    """Look at the local copies of state; losing them costs a restore, never data."""
    if told.state_store == "memory":
        return Check("state", "ok", "state is kept in memory and restored from the changelogs at each start")
    folder = told.data_dir / "state"
    files = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    barred = [path for path in files if not os.access(path, os.R_OK | os.W_OK)]
    if barred:
        return Check(
            "state", "fail", f"{barred[0]} cannot be read and written", f"take {folder} away: it is a copy", DISK
        )
    return Check("state", "ok", f"{len(files):,} files, {size(sum(path.stat().st_size for path in files))} in {folder}")


def _policies(here: Settings) -> Iterator[Check]:
    limits = wiring.engine_settings(here, patience_seconds=_POLICY_PATIENCE_S)
    watch = PolicyWatch(limits, f"{here.topic_prefix}config", wiring.codec(here))
    with closing(watch):
        watch.load()
    yield Check("policies", "ok", "every policy can be read")
