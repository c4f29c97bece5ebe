"""G8: bad records among good ones become dead letters and hold nobody up; nothing but bad records is an outage."""

from __future__ import annotations

from tests.faults.mix import GOOD, POISON
from tests.faults.progress import Position
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Trial

STATUS = 5
RUN = 100
_SECONDS = 60.0


def among_good_ones(trial: Trial) -> None:
    """`faults` bad records, each of the eleven kinds as often, spread over the good ones.

    Then a flood of one sender, longer than the limit on each partition, and good ones behind it: nobody stops for that.
    """
    volume = trial.volume
    with trial.deploy(dead_run=RUN) as under:
        under.product.start()
        bad = set(trial.chance.sample(range(volume.events + volume.faults), volume.faults))
        good, poison = under.mix.pieces(volume.events, GOOD), under.mix.poison(volume.faults)
        under.feeder.feed(next(poison) if at in bad else next(good) for at in range(volume.events + volume.faults))
        under.feeder.feed(under.mix.flood(3 * RUN * under.product.told.partitions))
        under.note("flood of one sender")
        under.feeder.feed(under.mix.pieces(100, GOOD))
        under.drain(120, revive=False)
        for kind in POISON:
            trial.outcome.faults[kind] += under.feeder.ledger.kinds[f"poison {kind}"]
        under.judge()


def nothing_else(trial: Trial) -> None:
    """Only bad records: the worker stops at its limit, twice, and with a higher limit every one is a dead letter."""
    with trial.deploy(dead_run=RUN) as under:
        under.feeder.feed(under.mix.poison(4 * RUN * under.product.told.partitions))
        position = Position(under.product.where)
        for _ in range(2):
            under.product.start()
            status = under.product.workers[1].wait(_SECONDS)
            assert status == STATUS, f"at the limit the worker ended with {status}\n{under.product.logs()}"
            assert under.product.workers[1].said("dead-letter limit"), under.product.logs()
            _, committed = position.look()
            assert max(committed.values()) < RUN, f"committed past the limit: {committed}"
            under.note("only bad records")
        position.close()
        under.product.changes = {"dead_run": 1_000_000, "dead_share": 1.0}
        under.product.start()
        under.drain(120)
        under.judge()


def poison(trial: Trial) -> None:
    among_good_ones(trial)
    nothing_else(trial)


SCENARIOS = (
    Scenario(
        name="G8",
        promise="poison neither blocks nor vanishes",
        fault="eleven kinds of malformed record among good ones, and nothing else until the worker stops",
        volumes={
            "short": Volume(1, 100, 2_000),
            "medium": Volume(1, 1_000, 10_000),
            "release": Volume(2, 1_000, 100_000),
        },
        act=poison,
    ),
)
