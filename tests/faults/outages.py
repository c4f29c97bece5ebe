"""G5: the broker hangs, dies and comes back; of three brokers a leader dies, and then one more than may."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from infra.embedded import kafka
from infra.embedded.kafka_cluster import HEAP_MIB, KafkaCluster
from tests.faults.mix import Piece
from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import broker, frozen
from tests.faults.trial import Deployed, Trial

WORKERS = 2
LENGTHS = (5.0, 25.0, 120.0)
"""Seconds for which a broker hangs: less than a session, more than a transaction, more than most timeouts."""
FROZEN, KILLED, LEADER, MAJORITY = "broker SIGSTOP", "broker SIGKILL", "leader SIGKILL", "two of three SIGKILL"
_BREATH = 1.0
_POLL = 0.5
_RECOVERED_WITHIN = 60.0


def watch(under: Deployed, seconds: float) -> None:
    """Let time pass, starting again every worker that ends, as whoever watches over a deployment does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for fleet in under.fleets:
            fleet.revive()
        time.sleep(_POLL)


def recover(under: Deployed) -> None:
    """Wait until the product has got over the last fault and worked on for a moment, so that the next one meets it."""
    until = time.monotonic() + _RECOVERED_WITHIN
    while under.recovery.pending and time.monotonic() < until:
        watch(under, _POLL)
    watch(under, under.trial.chance.uniform(0.5, 1.5) * _BREATH)


@contextmanager
def busy(under: Deployed, seconds: float, order: Callable[[Iterable[Piece]], Iterable[Piece]] = iter) -> Iterator[None]:
    """Work under load for the length of a block, which is guessed to last so many seconds; then drain and judge.

    The volume's events are fed at the least, and as many more as keep the workers busy until the block ends; `order`
    may put them into another.
    """
    over = threading.Event()
    rate = max(1.0, under.trial.volume.events / seconds)
    pieces = under.mix.until(over, under.trial.volume.events, 1 + int(rate / 10))
    under.start(WORKERS)
    under.feeder.start(order(pieces), per_second=rate)
    try:
        for worker in under.product.workers.values():
            worker.works(120)
        yield
    finally:
        over.set()
    under.feeder.join()
    under.drain(180 + under.trial.volume.events / 1_000)
    under.judge()


class OwnBroker:
    """A broker of the trial's own, as others must not see theirs killed."""

    def __init__(self, trial: Trial) -> None:
        self.server = kafka.start(trial.directory / "kafka", heap_mib=HEAP_MIB)
        trial.stack = replace(trial.stack, bootstrap=self.server.bootstrap)

    def kill(self) -> None:
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.stop()

    def start(self) -> None:
        """Start it again on its data and its port."""
        self.server = kafka.start(self.server.directory, heap_mib=HEAP_MIB)


@contextmanager
def own_broker(trial: Trial) -> Iterator[OwnBroker]:
    own = OwnBroker(trial)
    try:
        yield own
    finally:
        own.server.stop()


def one_broker(trial: Trial) -> None:
    """`scale` is the longest that the broker hangs, in seconds; every other fault is a kill."""
    lengths = [length for length in LENGTHS if length <= trial.volume.scale]
    seconds = trial.volume.faults * (_BREATH + lengths[-1])
    with own_broker(trial) as own, trial.deploy() as under, busy(under, seconds):
        for number in range(trial.volume.faults):
            recover(under)
            if number % 2:
                under.note(KILLED, measured=True)
                own.kill()
                watch(under, _POLL)
                own.start()
            else:
                under.note(FROZEN, measured=True)
                with frozen(broker(under.product.where)):
                    watch(under, lengths[(number // 2) % len(lengths)])


def three_brokers(trial: Trial) -> None:
    """`scale` is how long nodes stay dead, in seconds; every other fault takes two of the three."""
    with KafkaCluster(trial.directory / "kafka") as cluster:
        trial.stack = replace(trial.stack, bootstrap=cluster.bootstrap)
        seconds = trial.volume.faults * (_BREATH + 2 * trial.volume.scale)
        with trial.deploy(replication=3) as under, busy(under, seconds):
            _kill_nodes(under, cluster)


def _kill_nodes(under: Deployed, cluster: KafkaCluster) -> None:
    trial = under.trial
    topic = f"{under.product.told.topic_prefix}survey"
    for number in range(trial.volume.faults):
        recover(under)
        leader = cluster.leader(topic, trial.chance.randrange(under.product.told.partitions))
        dead = [leader]
        if number % 2:
            dead.append(trial.chance.choice([node for node in cluster.nodes if node != leader]))
        under.note(MAJORITY if number % 2 else LEADER, measured=True)
        cluster.kill(*dead)
        watch(under, trial.volume.scale)
        cluster.start(dead)
        cluster.await_in_sync([topic, f"{topic}-changelog", "__consumer_offsets", "__transaction_state"])


SCENARIOS = (
    Scenario(
        name="G5",
        promise="a broker outage loses nothing",
        fault="the broker hangs for 5, 25, 120 s, is killed and started again",
        volumes={
            "short": Volume(1, 2, 6_000, 5.0),
            "medium": Volume(1, 4, 20_000, 25.0),
            "release": Volume(5, 6, 100_000, 120.0),
        },
        act=one_broker,
    ),
    Scenario(
        name="G5C",
        promise="neither a leader's death nor that of two brokers of three loses anything",
        fault="of three brokers (acks=all, two in sync) the leader is killed, or the leader and another",
        volumes={
            "short": Volume(1, 2, 4_000, 3.0),
            "medium": Volume(1, 4, 20_000, 10.0),
            "release": Volume(5, 6, 100_000, 20.0),
        },
        act=three_brokers,
    ),
)
