"""G4: the worker ends exactly between two steps of its loop, and its successor leaves what a calm run would leave."""

from __future__ import annotations

import signal

from tests.faults.recount import query
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial

STATUS = 86
REFUSED = 3
AMID_INSERT = "end amid an insert"
PASSES = {
    "in_restore": 9,
    "before_insert": 4,
    "after_insert": 4,
    "mid_transaction": 4,
    "before_commit": 4,
    "after_commit": 4,
    "in_revoke": 1,
}
"""Boundaries, and how often each is passed at most before the end: fewer than a slice of events has cycles."""

_BATCH = 100
_SECONDS = 60.0


def crash_at(under: Deployed, point: str) -> None:
    """Start a worker that ends at a boundary, wait until it has, and leave its place empty."""
    passes = under.trial.chance.randint(1, PASSES[point])
    worker = under.product.start(environment={"CX_CRASH_AT": f"{point}:{passes}"})
    if point == "in_revoke":
        worker.works(_SECONDS)
        worker.signal(signal.SIGTERM)
    status = worker.wait(_SECONDS)
    assert status == STATUS, f"{point}:{passes} ended with status {status}\n{under.product.logs()}"
    under.note(f"crash {point}")


def end_amid_insert(under: Deployed) -> None:
    """Take one table away, so that an insert ends with the tables before it written and those behind it not."""
    where = under.product.where
    named = f"SELECT max(name) FROM system.databases WHERE startsWith(name, '{where.database}_g')"
    database = query(where, named)[0][0]
    query(where, f"DETACH TABLE {database}.answer SYNC")
    try:
        status = under.product.start().wait(_SECONDS)
    finally:
        query(where, f"ATTACH TABLE {database}.answer")
    assert status == REFUSED, f"without a table a worker ended with status {status}\n{under.product.logs()}"
    under.note(AMID_INSERT)


def boundaries(trial: Trial) -> None:
    """Each boundary `faults` times in a drawn order; before each a slice of events is fed.

    Rounds take turns with state in memory and on disk.
    """
    with trial.deploy(batch_records=_BATCH, state_store="memory" if trial.seed % 2 else "rocksdb") as under:
        points = [*PASSES, AMID_INSERT] * trial.volume.faults
        trial.chance.shuffle(points)
        for point in points:
            under.feeder.feed(under.mix.pieces(trial.volume.events // len(points)))
            if point == AMID_INSERT:
                end_amid_insert(under)
            else:
                crash_at(under, point)
        under.product.start()
        under.drain(120)
        under.judge()


SCENARIOS = (
    Scenario(
        name="G4",
        promise="every step boundary is safe",
        fault="the worker exits at each boundary of the loop, in restore, in revocation, amid an insert",
        volumes={
            "short": Volume(1, 1, 4_000),
            "medium": Volume(2, 2, 16_000),
            "release": Volume(5, 4, 64_000),
        },
        act=boundaries,
    ),
)
