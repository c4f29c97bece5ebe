"""G16: load for hours, and a fault every few minutes.

What a worker holds grows with its state alone, and it catches up after the last fault as fast as after the first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from infra.embedded import clickhouse
from tests.faults import kills, warehouse
from tests.faults.observer import Observer, Standing, growth, judge
from tests.faults.outages import FROZEN, busy, recover, watch
from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import broker, frozen
from tests.faults.toxiproxy import proxies
from tests.faults.trial import Deployed, Trial
from tests.faults.warehouse import Lasting, Warehouse

WITNESS = 1
"""The worker that no signal is sent to: what it holds is watched."""
KILLED = "SIGKILL of the other worker"
ENDS_WORKERS = {"failing view"}
"""Faults that end every worker, the witness too: left out where the soak is too short for a second life."""
_MEMORY_RATIO = 0.2
_TWO_LIVES = 10.0
_LONGEST_FAULT = 10.0


@contextmanager
def own_warehouse(trial: Trial) -> Iterator[Warehouse]:
    """Start a server of the trial's own behind a proxy; its disk is the machine's, as hours of rows need room."""
    home = trial.directory / "clickhouse"
    home.mkdir(parents=True)
    server = clickhouse.start(home, memory_ratio=_MEMORY_RATIO, others=["cx_*"])
    with proxies(trial.directory / "proxy") as proxy:
        own = Warehouse(server, proxy.link("clickhouse", server.tcp_port), home)
        told = {"clickhouse_port": server.tcp_port, "clickhouse_http_port": server.http_port}
        trial.stack = replace(trial.stack, clickhouse_host=server.host, **told, passwords=server.passwords)
        try:
            yield own
        finally:
            own.server.stop()


def _frozen_broker(under: Deployed, _own: Warehouse, lasting: Lasting) -> None:
    with frozen(broker(under.product.where)):
        while lasting():
            pass


def _killed(under: Deployed, _own: Warehouse, _lasting: Lasting) -> None:
    kills.kill(under, WITNESS + 1)


FAULTS: dict[str, Callable[[Deployed, Warehouse, Lasting], None]] = {
    FROZEN: _frozen_broker,
    KILLED: _killed,
    **warehouse.FAULTS,
}


def _drawn(trial: Trial) -> Iterator[str]:
    """Yield as many faults as the volume has, every kind once before any comes again."""
    kinds = [name for name in FAULTS if name not in ENDS_WORKERS or trial.volume.scale >= _TWO_LIVES]
    left: list[str] = []
    for _ in range(trial.volume.faults):
        left = left or trial.chance.sample(kinds, len(kinds))
        yield left.pop()


def soak(trial: Trial) -> None:
    """`scale` is how long the soak lasts, in minutes; its faults are spread over it evenly."""
    seconds = trial.volume.scale * 60
    pause = seconds / (trial.volume.faults + 1)
    with own_warehouse(trial) as own, trial.deploy(state_store="rocksdb") as under:
        under.product.changes = {"clickhouse_port": own.link.port}
        with busy(under, seconds), Observer(under, WITNESS) as seen:
            calm = [_rest(under, seen, time.monotonic() + pause)]
            for name in _drawn(trial):
                until = time.monotonic() + pause
                if name != KILLED:  # which notes itself
                    under.note(name, measured=True)
                FAULTS[name](under, own, warehouse.lasting(under, name, min(_LONGEST_FAULT, pause / 6)))
                calm.append(_rest(under, seen, until))
        _measure(trial, seen, calm, seconds)


def _rest(under: Deployed, seen: Observer, until: float) -> Standing:
    """Wait until the last fault is over and its time has passed; return how the group stands then."""
    recover(under)
    watch(under, max(0.0, until - time.monotonic()))
    return seen.standing()


def _measure(trial: Trial, seen: Observer, calm: list[Standing], seconds: float) -> None:
    samples = seen.longest_life()
    grown = growth(samples)
    trial.outcome.figures |= {
        "witness watched for, minutes": round(grown.seconds / 60, 1),
        "resident at the end, MiB": round(grown.resident),
        "resident grew by, MiB": round(grown.mebibytes, 1),
        "open files grew by": grown.files,
        "threads grew by": grown.threads,
        "longest latency at rest, s": round(max(each.latency for each in calm), 1),
        "largest lag at rest, records": max(each.lag for each in calm),
    }
    rate = trial.volume.events / seconds
    trial.outcome.failures += judge(grown, calm, rate, seconds)


SCENARIOS = (
    Scenario(
        name="G16",
        promise="what a worker holds stays bounded, and it catches up as fast as on the first day",
        fault="load for hours, and a fault every few minutes: workers killed, Kafka frozen, ClickHouse as in G6",
        volumes={
            "short": Volume(1, 3, 12_000, 2.0),
            "medium": Volume(1, 6, 30_000, 4.0),
            "release": Volume(1, 96, 2_000_000, 480.0),
        },
        act=soak,
        missing=warehouse.missing,
    ),
)
