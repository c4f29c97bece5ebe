"""G6: ClickHouse is away, breaks off amid an insert, or will not store what it is sent.

The trial has a server of its own on a file system of its own, and workers reach it through a proxy. Where mounting is
not allowed the two faults of the disk are left out, and the row says which were done.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra.embedded import clickhouse
from infra.embedded.clickhouse_config import KEEP_FREE
from tests.faults.fleet import LOG
from tests.faults.outages import busy, recover, watch
from tests.faults.recount import query
from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import frozen, listener
from tests.faults.toxiproxy import Link, NoProxyError, program, proxies
from tests.faults.trial import Deployed, Trial

_DISK = "600m"
_MEMORY_RATIO = 0.2
_BREATH = 1.0
_MOMENT = 0.2
_HELD_MS = 1_500
_PATIENCE = 60.0
_CUTS = (0, 60, 1_000, 20_000, 150_000)
"""Bytes of a connection after which it breaks off: in the greeting, the statement, the header, the rows."""


@dataclass
class Warehouse:
    """The trial's own ClickHouse with its proxy; `disk` is where it keeps its data."""

    server: clickhouse.ClickHouseServer
    link: Link
    disk: Path

    def restart(self) -> None:
        """Start the server again on its data and its ports."""
        ports = {"tcp_port": self.server.tcp_port, "http_port": self.server.http_port}
        self.server = clickhouse.start(self.server.directory, memory_ratio=_MEMORY_RATIO, others=["cx_*"], **ports)


Lasting = Callable[[], bool]
"""Lets a moment pass under a fault; False once the fault has lasted long enough."""
Fault = Callable[[Deployed, Warehouse, Lasting], None]


def missing() -> str:
    """Return why the proxy cannot be had, empty where it can."""
    try:
        program()
    except NoProxyError as reason:
        return str(reason)
    return ""


def _mount(*arguments: str) -> bool:
    mount = shutil.which("mount")
    if mount is None:
        return False
    return subprocess.run([mount, *arguments], capture_output=True, check=False).returncode == 0


@contextmanager
def _mounted(target: Path, *arguments: str) -> Iterator[bool]:
    """Mount for the length of a block; yields whether that was allowed."""
    done = _mount(*arguments, str(target))
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "--lazy", str(target)], check=True)


@contextmanager
def own_warehouse(trial: Trial) -> Iterator[tuple[Warehouse, bool]]:
    """Start the trial's server, on a small file system of its own where that is allowed; yields which it was."""
    home = trial.directory / "clickhouse"
    disk = home / "data"
    disk.mkdir(parents=True)
    with ExitStack() as entered:
        small = entered.enter_context(_mounted(disk, "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs"))
        server = clickhouse.start(home, memory_ratio=_MEMORY_RATIO, others=["cx_*"])
        link = entered.enter_context(proxies(trial.directory / "proxy")).link("clickhouse", server.tcp_port)
        own = Warehouse(server, link, disk)
        told = {"clickhouse_port": server.tcp_port, "clickhouse_http_port": server.http_port}
        trial.stack = replace(trial.stack, clickhouse_host=server.host, **told, passwords=server.passwords)
        try:
            yield own, small
        finally:
            own.server.stop()


def _sit_out(lasting: Lasting) -> None:
    while lasting():
        pass


def reset_amid_insert(under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """Every connection breaks off after so many bytes to the server: inserts arrive cut short."""
    own.link.add("limit_data", "upstream", bytes=under.trial.chance.choice(_CUTS))
    _sit_out(lasting)
    own.link.clear()


def lost_answer(under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """Every connection breaks off after so many bytes from the server: inserts are done and not acknowledged."""
    own.link.add("limit_data", "downstream", bytes=under.trial.chance.choice(_CUTS))
    _sit_out(lasting)
    own.link.clear()


def timeout_after_execution(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """Answers vanish, the connection stays a while: the insert is done, its caller waits."""
    own.link.add("timeout", "downstream", timeout=_HELD_MS)
    _sit_out(lasting)
    own.link.clear()


def slow_line(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """A narrow and slow line: everything takes longer and nothing may break."""
    own.link.add("latency", "downstream", latency=100, jitter=50)
    own.link.add("bandwidth", "upstream", rate=200)
    _sit_out(lasting)
    own.link.clear()


def away(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """The server is killed and comes back."""
    os.kill(own.server.pid, signal.SIGKILL)
    own.server.stop()
    _sit_out(lasting)
    own.restart()


def hung(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """The server is stopped amid whatever it does."""
    with frozen(listener(own.server.tcp_port)):
        _sit_out(lasting)


def failing_view(under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """A materialized view throws behind a table whose rows it has already let in: the worker has to stop and say so."""
    where = under.product.where
    generations = f"SELECT max(name) FROM system.databases WHERE startsWith(name, '{where.database}_g')"
    database = query(where, generations)[0][0]
    view = f"{database}.broken_view"
    throws = f"SELECT throwIf(1, 'a broken view') AS x FROM {database}.response"
    query(where, f"CREATE MATERIALIZED VIEW {view} ENGINE = Memory AS {throws}")
    _sit_out(lasting)
    query(where, f"DROP TABLE {view} SYNC")
    assert own.server.process.alive()


def disk_full(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """The server's disk is full as the server counts it; what it frees itself is taken up again.

    Half of what it leaves free stays free: what was let in before the disk was full is still written. Past that the
    embedded engine takes failed writes for done, and no client can tell (ADR 0081).
    """
    filler = own.disk / "filler"
    with filler.open("ab", buffering=0) as file:
        while lasting():
            while shutil.disk_usage(own.disk).free > KEEP_FREE // 2:
                file.write(bytes(1 << 20))
    filler.unlink()


def read_only(_under: Deployed, own: Warehouse, lasting: Lasting) -> None:
    """The tables' files can be read and not written, as after a disk error."""
    store, aside = own.disk / "store", own.disk.with_name("aside")
    aside.mkdir(exist_ok=True)
    # Made read-only aside, where nobody writes: a mount with a file open for writing cannot become so.
    with ExitStack() as entered:
        assert entered.enter_context(_mounted(aside, "--bind", str(store)))
        assert _mount("-o", "remount,ro,bind", str(aside))
        assert entered.enter_context(_mounted(store, "--bind", str(aside)))
        _sit_out(lasting)


FAULTS: dict[str, Fault] = {
    "reset amid an insert": reset_amid_insert,
    "answer lost": lost_answer,
    "timeout after execution": timeout_after_execution,
    "slow line": slow_line,
    "away": away,
    "hung": hung,
    "failing view": failing_view,
}
DISK_FAULTS: dict[str, Fault] = {"disk full": disk_full, "read-only disk": read_only}
FELT = {"away", "failing view", *DISK_FAULTS}
"""Faults that no worker can overlook: one that complains of nothing was not met by it, and proves nothing."""


def _complaints(under: Deployed) -> int:
    logs = (path.read_text("utf-8", "replace") for path in under.product.directory.rglob(LOG))
    return sum(text.count("sink unavailable") + text.count("sink refused") for text in logs)


def lasting(under: Deployed, name: str, seconds: float) -> Lasting:
    """Last for so many seconds, and for what must be felt until it has been."""
    began, before = time.monotonic(), _complaints(under)

    def goes_on() -> bool:
        watch(under, _MOMENT)
        lasted = time.monotonic() - began
        if lasted < seconds:
            return True
        if name not in FELT or _complaints(under) > before:
            return False
        if lasted > _PATIENCE:
            under.trial.outcome.failures.append(f"no worker noticed: {name}")
        return lasted <= _PATIENCE

    return goes_on


def warehouse(trial: Trial) -> None:
    """Each fault once in every pass, in a drawn order; `scale` is how long each lasts, in seconds."""
    with own_warehouse(trial) as (own, small), trial.deploy() as under:
        kinds = list((FAULTS | DISK_FAULTS if small else FAULTS).items()) * trial.volume.faults
        trial.chance.shuffle(kinds)
        under.product.changes = {"clickhouse_port": own.link.port}
        with busy(under, len(kinds) * (trial.volume.scale + 2 * _BREATH)):
            for name, fault in kinds:
                recover(under)
                under.note(name, measured=True)
                fault(under, own, lasting(under, name, trial.volume.scale))


SCENARIOS = (
    Scenario(
        name="G6",
        promise="ClickHouse may be away, full or ambiguous: rows arrive, and count once",
        fault="resets after k bytes, lost answers, timeouts, kills, stops, a failing view, a full and a read-only disk",
        volumes={
            "short": Volume(1, 1, 8_000, 2.0),
            "medium": Volume(1, 2, 40_000, 10.0),
            "release": Volume(4, 3, 200_000, 60.0),
        },
        act=warehouse,
        missing=missing,
    ),
)
