"""G7: what a worker produces is refused or expires, so it stops, with nothing committed; mended, nothing is missing.

Too few replicas in sync need several brokers: one broker never asks for more replicas than a topic has.
"""

from __future__ import annotations

from collections.abc import Callable

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from infra import local, topics
from tests.faults.mix import GOOD
from tests.faults.progress import Position
from tests.faults.scenario import Scenario, Volume
from tests.faults.servers import broker, frozen
from tests.faults.trial import Deployed, Trial

STATUS = 3
STOPS_WITHIN = 60.0
_BAD = 20


def _admin(under: Deployed) -> AdminClient:
    return AdminClient({"bootstrap.servers": under.product.told.kafka_bootstrap, "log_level": 0})


def _letters(under: Deployed) -> str:
    return f"{under.product.told.topic_prefix}dead-letters"


def _configure(under: Deployed, name: str, value: str) -> None:
    """Set one setting of the dead-letter topic."""
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, _letters(under), incremental_configs=[entry])
    admin = _admin(under)  # its futures fail when it is collected before they are done
    for done in admin.incremental_alter_configs([resource]).values():
        done.result()


def _must_stop(under: Deployed, fault: str) -> None:
    """Feed records that have to become dead letters; the worker must end, and the group stand where it stood."""
    position = Position(under.product.where)
    _, before = position.look()
    under.feeder.feed(under.mix.poison(_BAD))
    status = under.product.workers[1].wait(STOPS_WITHIN)
    under.note(fault)
    _, after = position.look()
    position.close()
    assert status == STATUS, f"{fault}: the worker ended with {status}\n{under.product.logs()}"
    assert after == before, f"{fault}: committed {after} instead of {before}"


def unknown_topic(under: Deployed) -> None:
    """The topic of dead letters is gone. Comes first: what it held is gone with it."""
    admin = _admin(under)
    for done in admin.delete_topics([_letters(under)]).values():
        done.result()
    _must_stop(under, "unknown topic")
    local.prepare(under.product.told)


def oversized(under: Deployed) -> None:
    """A dead letter is larger than its topic takes."""
    _configure(under, "max.message.bytes", "100")
    _must_stop(under, "oversized record")
    (own,) = (t.configs for t in topics.wanted(under.product.told) if t.name == _letters(under))
    _configure(under, "max.message.bytes", own["max.message.bytes"])


def expired(under: Deployed) -> None:
    """The broker stands still amid a backlog, for longer than a transaction may last."""
    worker = under.product.workers[1]
    worker.works(STOPS_WITHIN)
    under.feeder.feed(under.mix.pieces(under.trial.volume.events))
    with frozen(broker(under.product.where)):
        status = worker.wait(STOPS_WITHIN)
    under.note("expired")
    assert status == STATUS, f"expired: the worker ended with {status}\n{under.product.logs()}"


ACTS: tuple[Callable[[Deployed], None], ...] = (unknown_topic, oversized, expired)


def refusals(trial: Trial) -> None:
    """One deployment for every kind of refusal; each is mended, and the worker started again has to come to the end."""
    with trial.deploy(batch_records=200) as under:
        under.feeder.feed(under.mix.pieces(500, GOOD))
        under.product.start()
        under.drain(120)
        for act in ACTS[: trial.volume.faults]:
            act(under)
            under.product.restart(1)
            under.drain(120)
        under.judge()


SCENARIOS = (
    Scenario(
        name="G7",
        promise="a failed produce never commits",
        fault="unknown topic, oversized record, expired",
        volumes={
            "short": Volume(1, 2, 4_000),
            "medium": Volume(1, 3, 10_000),
            "release": Volume(7, 3, 20_000),
        },
        act=refusals,
    ),
)
