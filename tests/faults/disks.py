"""G9: state survives the loss of what holds it, or the worker refuses to start: never is it silently another one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from tests.faults.fleet import Worker
from tests.faults.recount import read
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial

REFUSED = 3
_TOPIC = "survey"
_COMPACTED_WITHIN = 90.0
_SECONDS = 120.0
_HEARD_WITHIN = 30.0

Loss = Callable[[Deployed, Path], None]


def _admin(under: Deployed) -> AdminClient:
    return AdminClient({"bootstrap.servers": under.product.told.kafka_bootstrap, "log_level": 0})


def _changelog(under: Deployed) -> str:
    return f"{under.product.told.topic_prefix}{_TOPIC}-changelog"


def _places(under: Deployed) -> list[TopicPartition]:
    return [TopicPartition(_changelog(under), number) for number in range(under.product.told.partitions)]


def _held(under: Deployed) -> set[tuple[int | None, int | None]]:
    """Return partition and offset of every record that the changelog still holds."""
    return {(each.partition(), each.offset()) for each in read(under.product.where, f"{_TOPIC}-changelog")}


def _configure(under: Deployed, **config: str) -> None:
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in config.items()
    ]
    asked = ConfigResource(ResourceType.TOPIC, _changelog(under), incremental_configs=entries)
    admin = _admin(under)
    for changed in admin.incremental_alter_configs([asked]).values():
        changed.result(timeout=60)


def _ends(under: Deployed, spec: Any) -> dict[int, int]:
    admin = _admin(under)
    asked = admin.list_offsets(dict.fromkeys(_places(under), spec))
    return {place.partition: found.result(timeout=60).offset for place, found in asked.items()}


def _damage(under: Deployed, state: Path, pattern: str, size: int) -> None:
    """Overwrite bytes amid every file of a kind."""
    damaged = [path for path in state.rglob(pattern) if path.stat().st_size > size]
    assert damaged, f"the store has no {pattern}"
    for path in damaged:
        with path.open("r+b") as file:
            file.seek(under.trial.chance.randrange(path.stat().st_size - size))
            file.write(under.trial.chance.randbytes(size))


def deleted(_under: Deployed, state: Path) -> None:
    shutil.rmtree(state)


def corrupted_log(under: Deployed, state: Path) -> None:
    _damage(under, state, "*.log", 64)


def corrupted_manifest(under: Deployed, state: Path) -> None:
    _damage(under, state, "MANIFEST-*", 16)


def emptied_files(_under: Deployed, state: Path) -> None:
    """What a power cut leaves where nothing was synchronised: names without contents."""
    for path in state.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


def compacted(under: Deployed, state: Path) -> None:
    """The broker compacts the changelog down to one record a key, and the local copy is gone."""
    before = _held(under)
    _configure(under, segment_ms="100", min_cleanable_dirty_ratio="0.001", max_compaction_lag_ms="100")
    # A segment is closed by the next record behind it, and only closed ones are compacted.
    time.sleep(1)
    under.product.start().works(_SECONDS)
    under.feeder.feed(under.mix.pieces(400))
    under.drain(_SECONDS)
    deadline = time.monotonic() + _COMPACTED_WITHIN
    while before <= _held(under):
        assert time.monotonic() < deadline, "the broker has not compacted the changelog"
        time.sleep(1)
    under.product.workers[1].kill()
    shutil.rmtree(state)


SURVIVED: dict[str, Loss] = {
    "store deleted": deleted,
    "write-ahead log corrupted": corrupted_log,
    "manifest corrupted": corrupted_manifest,
    "files emptied": emptied_files,
    "changelog compacted": compacted,
}


def _aside(state: Path) -> Path:
    return state.with_name("aside")


def trimmed(under: Deployed, state: Path) -> None:
    """The first half of the changelog is cut off, and no local copy covers it."""
    _configure(under, cleanup_policy="compact,delete")
    ends = _ends(under, OffsetSpec.latest())
    cut = [TopicPartition(_changelog(under), number, end // 2) for number, end in ends.items() if end > 1]
    for place in cut:
        _cut(under, place)
    state.rename(_aside(state))


def _cut(under: Deployed, place: TopicPartition) -> None:
    """Delete the records before an offset, as soon as the broker has heard that this may be done."""
    admin, deadline = _admin(under), time.monotonic() + _HEARD_WITHIN
    while True:
        try:
            admin.delete_records([place])[place].result(timeout=60)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.POLICY_VIOLATION or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def emptied(under: Deployed, state: Path) -> None:
    """The changelog is another topic of the same name, as after a deletion that something repaired.

    The local copy is there again, and says more than the changelog does.
    """
    shutil.rmtree(state, ignore_errors=True)
    _aside(state).rename(state)
    admin, name = _admin(under), _changelog(under)
    admin.delete_topics([name])[name].result(timeout=60)
    deadline = time.monotonic() + _SECONDS
    while name in admin.list_topics(timeout=10).topics and time.monotonic() < deadline:
        time.sleep(0.1)
    made = NewTopic(name, under.product.told.partitions, 1, config={"cleanup.policy": "compact"})
    admin.create_topics([made])[name].result(timeout=60)


REFUSALS: dict[str, Loss] = {"changelog trimmed": trimmed, "changelog emptied": emptied}
"""In this order: the second takes up the local copy that the first has put aside."""


def _ended(under: Deployed, worker: Worker, what: str) -> None:
    status = worker.wait(_SECONDS)
    if status != REFUSED or not worker.said("state lost"):
        under.trial.outcome.failures.append(f"{what}: status {status}, no refusal\n{under.product.logs()}")


def disks(trial: Trial) -> None:
    """A slice of events, a loss, a restart, over and over; last what a worker must refuse."""
    with trial.deploy(state_store="rocksdb") as under:
        home = under.product.directory / "home"
        under.product.changes = {"data_dir": home}
        home.mkdir()
        state = home / "state"
        losses = list(SURVIVED.items()) * trial.volume.faults
        trial.chance.shuffle(losses)
        under.product.start()
        for name, lose in losses:
            under.feeder.feed(under.mix.pieces(trial.volume.events // len(losses)))
            under.drain(_SECONDS)
            under.product.workers[1].kill()
            lose(under, state)
            under.note(name, measured=True)
            under.product.restart(1)
        under.feeder.feed(under.mix.pieces(200))
        under.drain(_SECONDS)
        under.judge()
        for name, lose in REFUSALS.items():
            under.product.workers[1].kill()
            lose(under, state)
            under.note(name)
            _ended(under, under.product.restart(1), name)


SCENARIOS = (
    Scenario(
        name="G9",
        promise="state survives the loss of its disk, or the worker refuses to start",
        fault="store deleted, corrupted, emptied; changelog compacted, trimmed, emptied",
        volumes={
            "short": Volume(1, 1, 4_000),
            "medium": Volume(2, 2, 20_000),
            "release": Volume(5, 4, 100_000),
        },
        act=disks,
    ),
)
