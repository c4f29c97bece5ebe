"""One round of a scenario: servers, a seed, and everything that is deployed, fed, broken, drained and judged in it."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException

from infra.stack import Stack
from tests.faults.control import GUARANTEES, Control
from tests.faults.feeder import Feeder
from tests.faults.fleet import Fleet
from tests.faults.mix import Mix
from tests.faults.product import Product, deployed
from tests.faults.progress import Position, Recovery, lag, summary
from tests.faults.recount import Where, records, recount
from tests.faults.scenario import Outcome, Scenario, Volume

_POLL = 0.3


@dataclass
class Trial:
    """`chance` draws the faults; the same seed draws the same ones. `outcome` and `control` are what it comes to."""

    scenario: Scenario
    volume: Volume
    seed: int
    stack: Stack
    directory: Path
    with_control: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    control: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.scenario.name}/{self.seed}")
        self._recovery: Recovery | None = None

    @contextmanager
    def deploy(self, **settings: Any) -> Iterator[Deployed]:
        """Create a deployment, with the control group beside it where that is asked for; no worker runs yet."""
        name = f"{self.scenario.name.lower()}x{secrets.token_hex(3)}"
        with ExitStack() as entered:
            product = entered.enter_context(deployed(self.stack, self.directory, name, **settings))
            controls = [Control(product, guarantee) for guarantee in GUARANTEES] if self.with_control else []
            for control in controls:
                control.create_topics()
                entered.callback(control.stop)
            feeder = Feeder(product.told.kafka_bootstrap, product.told.topic_prefix)
            recovery = Recovery(product.where)
            entered.callback(recovery.stop)
            yield Deployed(self, product, controls, feeder, recovery)


@dataclass
class Deployed:
    """A deployment under trial. `mix` is what it is fed with; further feeders may be made beside `feeder`."""

    trial: Trial
    product: Product
    controls: list[Control]
    feeder: Feeder
    recovery: Recovery

    def __post_init__(self) -> None:
        self.mix = Mix(self.trial.seed, time.time_ns() // 1000)

    @property
    def fleets(self) -> list[Fleet]:
        return [self.product, *self.controls]

    def start(self, workers: int, *, named: bool = True) -> None:
        for fleet in self.fleets:
            for number in range(1, workers + 1):
                fleet.start(number, named=named)

    def note(self, fault: str, *, measured: bool = False) -> None:
        """Count a fault that has been done just now; `measured`, also how long it keeps the product standing."""
        self.trial.outcome.faults[fault] += 1
        if measured:
            self.recovery.fault()

    def drain(self, seconds: float, *, revive: bool = True) -> float:
        """Wait until the product has committed everything, starting again what has ended; returns the seconds it took.

        Raises AssertionError past the limit, with what the workers said last.
        """
        began = time.monotonic()
        if not _drained(self.product, self.product.where, seconds, revive=revive):
            where = summary(self.product.where)
            raise AssertionError(f"not drained after {seconds:g} s: {where}\n{self.product.logs()}")
        took = time.monotonic() - began
        self.trial.outcome.drained = max(self.trial.outcome.drained, took)
        return took

    def judge(self) -> None:
        """Recount product and control group into the trial's outcome; the product must have drained."""
        outcome, ledger = self.trial.outcome, self.feeder.ledger
        short = len(self.product.told.topic_prefix)
        acknowledged = [(t[short:], number, at) for (t, number), offsets in ledger.offsets.items() for at in offsets]
        verdict, _ = recount(self.product.where, acknowledged)
        outcome.produced += ledger.produced
        outcome.acknowledged += ledger.acknowledged
        outcome.recoveries += self.recovery.seconds
        outcome.take(verdict)
        if self.controls:
            self._judge_controls()

    def drain_controls(self, seconds: float) -> None:
        """Give the control group time to come to the end too; what it has not reached by then is not lost."""
        for control in self.controls:
            _drained(control, control.where, seconds, topics=("survey",))
            control.stop()

    def _judge_controls(self) -> None:
        source = records(self.product.where)
        for control in self.controls:
            outcome = self.trial.control.setdefault(control.guarantee, Outcome())
            verdict = control.judge(source)
            outcome.acknowledged += verdict.accepted
            outcome.take(verdict)


def _drained(fleet: Fleet, where: Where, seconds: float, *, revive: bool = True, topics: tuple[str, ...] = ()) -> bool:
    """Wait until a group's lag is gone; return whether it went."""
    position = Position(where, topics) if topics else Position(where)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            if revive:
                fleet.revive()
            try:
                if lag(*position.look()) == 0:
                    return True
            except KafkaException:
                pass  # the broker or the coordinator is away: ask again
            time.sleep(_POLL)
        return False
    finally:
        position.close()
