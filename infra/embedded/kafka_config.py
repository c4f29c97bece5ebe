"""The settings of a one-node KRaft broker."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra.embedded.checks import LOOPBACK

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
_NODE: Final = 1
_HALF_A_CENTURY_MIN: Final = 50 * 366 * 24 * 60


def broker_properties(data: Path, port: int, controller_port: int, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the broker's properties; `extra` has the last word."""
    return _node(data, port, controller_port) | _SINGLE_NODE | _KEEPING | _SMALL | dict(extra)


def render(properties: Mapping[str, str]) -> str:
    """Write properties as Java reads them."""
    lines = (f"{name}={value.replace(chr(92), chr(92) * 2)}" for name, value in properties.items())
    return "\n".join(lines) + "\n"


def _node(data: Path, port: int, controller_port: int) -> dict[str, str]:
    return {
        "process.roles": "broker,controller",
        "node.id": str(_NODE),
        "log.dirs": str(data),
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        # The voter is named here and not in the data, so that a restart may choose another port.
        "controller.quorum.voters": f"{_NODE}@{LOOPBACK}:{controller_port}",
    }


_SINGLE_NODE: Final = {
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
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
