"""G1, G2, G3: workers are killed, told to stop, added and taken away while events keep coming."""

from __future__ import annotations

import signal
import time

from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial

WORKERS = 2
STOP_SECONDS = 40.0
START_SECONDS = 120.0
CONTROL_EVENTS_PER_SECOND = 200


def kill(under: Deployed, number: int) -> None:
    """SIGKILL one worker of every fleet and start its successor."""
    under.note("SIGKILL", measured=True)
    for fleet in under.fleets:
        fleet.workers[number].kill()
    for fleet in under.fleets:
        fleet.restart(number)


def stop(under: Deployed, number: int) -> None:
    """SIGTERM one worker of every fleet once it works, wait for its end, start its successor: a rolling deploy."""
    if not under.product.workers[number].works(START_SECONDS):
        under.trial.outcome.failures.append(f"a worker did not start:\n{under.product.logs()}")
    under.note("SIGTERM", measured=True)
    for fleet in under.fleets:
        fleet.workers[number].signal(signal.SIGTERM)
    status = under.product.workers[number].wait(STOP_SECONDS)
    if status != 0:
        under.trial.outcome.failures.append(f"SIGTERM ended a worker with status {status}, not 0")
    for fleet in under.fleets:
        fleet.restart(number)


def _finish(under: Deployed) -> None:
    under.feeder.join()
    under.drain(120 + under.trial.volume.events / 1_000)
    under.drain_controls(60 + under.trial.volume.events / CONTROL_EVENTS_PER_SECOND)
    under.judge()


def _pace(trial: Trial, mean: float) -> float:
    """Events per second that keep the feeder busy to the last fault, `mean` seconds apart."""
    return trial.volume.events / (trial.volume.faults * mean)


def kills(trial: Trial) -> None:
    """`scale` is the longest pause between two kills in seconds; the shortest is a tenth of it.

    Rounds take turns with state in memory and on disk.
    """
    longest = trial.volume.scale
    with trial.deploy(state_store="memory" if trial.seed % 2 else "rocksdb") as under:
        under.start(WORKERS)
        under.feeder.start(under.mix.pieces(trial.volume.events), per_second=_pace(trial, 0.55 * longest))
        for _ in range(trial.volume.faults):
            time.sleep(trial.chance.uniform(0.1 * longest, longest))
            under.product.revive()
            kill(under, trial.chance.randint(1, WORKERS))
        _finish(under)


def restarts(trial: Trial) -> None:
    """A backlog first, then one SIGTERM after the other while it is worked off."""
    with trial.deploy() as under:
        under.feeder.feed(under.mix.pieces(trial.volume.events // 2))
        under.start(WORKERS)
        under.feeder.start(under.mix.pieces(trial.volume.events // 2), per_second=_pace(trial, trial.volume.scale))
        for _ in range(trial.volume.faults):
            time.sleep(trial.chance.uniform(0.5, 1.5) * trial.volume.scale)
            stop(under, trial.chance.randint(1, WORKERS))
        _finish(under)


def rebalances(trial: Trial) -> None:
    """One worker, then three, then one again; rounds take turns with static and dynamic members."""
    named = trial.seed % 2 == 0
    with trial.deploy() as under:
        under.start(1, named=named)
        under.feeder.start(under.mix.pieces(trial.volume.events), per_second=_pace(trial, trial.volume.scale))
        for _ in range(max(1, trial.volume.faults // 4)):
            for number in (2, 3):
                time.sleep(trial.volume.scale)
                under.note(f"{'static' if named else 'dynamic'} member joins", measured=True)
                for fleet in under.fleets:
                    fleet.start(number, named=named)
            for number in (3, 2):
                time.sleep(trial.volume.scale)
                under.note(f"{'static' if named else 'dynamic'} member leaves", measured=True)
                for fleet in under.fleets:
                    fleet.retire(number)
        _finish(under)


SCENARIOS = (
    Scenario(
        name="G1",
        promise="an acknowledged event reaches ClickHouse, counted once",
        fault="SIGKILL of workers, 1-10 s apart",
        volumes={
            "short": Volume(1, 3, 6_000, 4.0),
            "medium": Volume(2, 6, 15_000, 10.0),
            "release": Volume(10, 20, 200_000, 10.0),
        },
        act=kills,
        controlled=True,
    ),
    Scenario(
        name="G2",
        promise="graceful restart and rolling deploy lose nothing",
        fault="SIGTERM under backlog",
        volumes={
            "short": Volume(1, 2, 6_000, 1.0),
            "medium": Volume(1, 8, 20_000, 3.0),
            "release": Volume(10, 20, 200_000, 5.0),
        },
        act=restarts,
        controlled=True,
    ),
    Scenario(
        name="G3",
        promise="rebalancing is safe",
        fault="1 -> 3 -> 1 workers, static and dynamic members",
        volumes={
            "short": Volume(2, 4, 2_000, 1.0),
            "medium": Volume(2, 4, 10_000, 5.0),
            "release": Volume(10, 20, 100_000, 8.0),
        },
        act=rebalances,
        controlled=True,
    ),
)
