"""Several embedded brokers as one cluster: each node is broker and controller, topics live on three, two must agree.

For tests of what a cluster survives; on one machine it protects from nothing. A cluster whose nodes were all killed
at once may hide what it committed last when it comes back (docs/adr/0078).
"""

import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from confluent_kafka.admin import AdminClient

from infra.embedded import checks, jars, kafka
from infra.embedded.kafka_config import broker_properties, render
from infra.embedded.kafka_java import DATA, NAME, cluster_id, java
from infra.embedded.process import own
from infra.embedded.server import Stoppable

NODES: Final = 3
HEAP_MIB: Final = 256
_ASK_S: Final = 10.0
_SETTLE_S: Final = 0.1


class KafkaCluster(Stoppable):
    """A running cluster; `nodes` holds the brokers that run by their number, from one.

    `bootstrap` names all nodes, dead ones too, as a client's settings would.
    """

    def __init__(
        self,
        directory: Path,
        *,
        heap_mib: int = HEAP_MIB,
        extra: Mapping[str, str] | None = None,
        timeout_s: float = 180.0,
        log: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Start all nodes below the directory; raises EmbeddedServerError with nothing left running."""
        ports = checks.pick_free_ports(2 * NODES)
        self._directory = directory
        self._heap_mib = heap_mib
        self._extra = dict(extra or {})
        self._timeout_s = timeout_s
        self._class_path = jars.class_path(log)
        self._cluster = cluster_id()
        self._ports = dict(enumerate(ports[:NODES], 1))
        self._controllers = dict(enumerate(ports[NODES:], 1))
        self.nodes: dict[int, kafka.KafkaServer] = {}
        self.bootstrap = ",".join(f"{checks.LOOPBACK}:{port}" for port in self._ports.values())
        try:
            self.start(self._ports)
        except BaseException:
            self.stop()
            raise

    def start(self, numbers: Iterable[int]) -> None:
        """Start nodes that do not run, all at once: a node serves only where most of them are up."""
        with ThreadPoolExecutor(NODES) as pool:
            for _ in pool.map(self._start, numbers):
                pass

    def kill(self, *numbers: int) -> None:
        """SIGKILL nodes, all before any is waited for."""
        for number in numbers:
            os.kill(self.nodes[number].pid, signal.SIGKILL)
        for number in numbers:
            self.nodes.pop(number).stop()

    def leader(self, topic: str, partition: int) -> int:
        """Return the number of the node that leads the partition, -1 for none."""
        found = self._admin().list_topics(topic, timeout=_ASK_S)
        return int(found.topics[topic].partitions[partition].leader)

    def await_in_sync(self, topics: Iterable[str]) -> None:
        """Wait until every replica of the topics is in sync; raises TimeoutError."""
        wanted, admin = list(topics), self._admin()
        deadline = time.monotonic() + self._timeout_s
        while time.monotonic() < deadline:
            found = admin.list_topics(timeout=_ASK_S).topics
            places = [place for topic in wanted for place in found[topic].partitions.values()]
            if all(len(place.isrs) == len(place.replicas) for place in places):
                return
            time.sleep(_SETTLE_S)
        raise TimeoutError("replicas did not come in sync")

    def stop(self) -> None:
        """Stop every node; the data stays. Twice is the same as once."""
        running = [self.nodes.pop(number) for number in list(self.nodes)]
        if running:
            with ThreadPoolExecutor(NODES) as pool:
                list(pool.map(kafka.KafkaServer.stop, running))

    def _start(self, number: int) -> None:
        home = checks.prepare_directory(self._directory / f"node-{number}")
        port, controller = self._ports[number], self._controllers[number]
        told = broker_properties(
            home / DATA, port, controller, self._extra, number=number, controllers=self._controllers
        )
        (home / kafka.CONFIG).write_text(render(told))
        command = java(home, self._class_path, self._heap_mib)
        with own(f"{NAME} {number}", home) as lock:
            self.nodes[number] = kafka.run(
                lock, home, command, port, cluster=self._cluster, detach=False, timeout_s=self._timeout_s
            )

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
