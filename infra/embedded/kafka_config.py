"""The settings of a KRaft broker that is its own controller, alone or one of several."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.embedded.checks import LOOPBACK

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
_NODE: Final = 1
_TEN_MINUTES_MS: Final = 600_000
_HALF_A_CENTURY_MIN: Final = 50 * 366 * 24 * 60


def broker_properties(
    data: Path,
    port: int,
    controller_port: int,
    extra: Mapping[str, str],
    *,
    number: int = _NODE,
    controllers: Mapping[int, int] | None = None,
) -> dict[str, str]:
    """Return the broker's properties; `extra` has the last word.

    `controllers` holds the controller's port of every node of a cluster by its number, this one's included.
    """
    voters = controllers or {number: controller_port}
    copies = _SINGLE_NODE if len(voters) == 1 else _CLUSTER
    return _node(data, number, port, controller_port, voters) | copies | _QUICK | _KEEPING | _SMALL | dict(extra)


def controller_properties(data: Path, controller_port: int, session_ms: int) -> dict[str, str]:
    """Return the properties of the single node's controller without its broker, which stays away."""
    alone = {
        "process.roles": "controller",
        "listeners": f"CONTROLLER://{LOOPBACK}:{controller_port}",
        "broker.session.timeout.ms": str(session_ms),
        "broker.heartbeat.interval.ms": str(session_ms // 2),
    }
    node = _node(data, _NODE, 0, controller_port, {_NODE: controller_port})
    return {name: value for name, value in (node | alone).items() if name != "advertised.listeners"}


def render(properties: Mapping[str, str]) -> str:
    """Write properties as Java reads them."""
    lines = (f"{name}={value.replace(chr(92), chr(92) * 2)}" for name, value in properties.items())
    return "\n".join(lines) + "\n"


def _node(data: Path, number: int, port: int, controller_port: int, voters: Mapping[int, int]) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "log.dirs": str(data),
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        # The voters are named here and not in the data, so that a restart may choose another port.
        "controller.quorum.voters": ",".join(f"{each}@{LOOPBACK}:{its}" for each, its in voters.items()),
    }


_SINGLE_NODE: Final = {
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}
_CLUSTER: Final = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
# Nobody can take over from a broker that is alone: fencing one that was stopped for a while would only take its
# partitions their leader, and Kafka 4.3 loses commit markers where there is none (docs/adr/0078).
NEVER_FENCED: Final = {"broker.session.timeout.ms": str(_TEN_MINUTES_MS)}
_QUICK: Final = {
    # A killed broker may come back only once its session has ended: by default that takes nine seconds.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "500",
    # One worker more or less is no crowd: nobody waits for others to join.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A worker that dies inside a transaction holds its readers up until the broker aborts it.
    "transaction.max.timeout.ms": "120000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}
_KEEPING: Final = {
    # Topics come from their records in schemas/; a misspelt name is an error, not a new topic.
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    # The log is kept for ever, so a group's place in it is too: Kafka would forget it after a week of rest.
    "offsets.retention.minutes": str(_HALF_A_CENTURY_MIN),
    "message.max.bytes": str(MAX_MESSAGE_BYTES),
    "replica.fetch.max.bytes": str(MAX_MESSAGE_BYTES),
}
_SMALL: Final = {
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.num.partitions": "8",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    # The default, 128 MiB, is a quarter of the heap and taken at once.
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
}
