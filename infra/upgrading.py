"""State that another release keeps: found out and left alone, and followed by a state of this release's own.

A promotion of a rebuild writes the rebuild's own states into changelogs beside the former ones, where workers keep
state in another format (ADR 0146). What the former release needs for going on stays as it is: its changelogs, its
tables, and the notes of its migrations. The way back sets the group's offsets to where its state stands.
"""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
from kafka.admin import MemberToRemove
from kafka.errors import KafkaError, NoError
from kafka.structs import OffsetAndMetadata, TopicPartition

from infra import topics, wiring, workers
from sinks import generations, promotion, states, stored
from sinks import migrate as tables
from sinks.states import WorkerState
from streams.live.engine.clients import ChangelogReader, Watermarks
from streams.live.engine.partition_layout import Layout
from streams.live.errors import EngineStopped
from streams.live.fold import partition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.settings import Warehouse

FORMAT = partition.FORMAT.decode()
"""The format of this release's state."""
_FORMER = "1"
"""The format of a release that noted none in its state."""
_PATIENCE_S = 60.0
_PAUSE_S = 0.2
_IDLE_READS = 100


class Migrated(msgspec.Struct, frozen=True):
    """The generation that is served, and whether its state is of this release's format: only then are the views."""

    generation: str
    is_ours: bool


def migrate(settings: Settings) -> Migrated:
    """Bring tables, views and what is remembered up to date; leave what another release goes on with as it is.

    Stored answers that were never computed are on their way afterwards. Those of tables that were made just now are
    not: there is nothing to compute them from.
    """
    warehouse = wiring.warehouse(settings)
    with wiring.clickhouse(settings) as client:
        generations.create_log(client, warehouse)
        is_new = generations.current(client, warehouse) is None
        migrated = _migrated(settings, client, warehouse, is_new=is_new)
        if not is_new:
            stored.compute_new(client, warehouse)
        return migrated


def _migrated(settings: Settings, client: Client, warehouse: Warehouse, *, is_new: bool) -> Migrated:
    if is_new:
        current = tables.migrate(client, warehouse)
        found = _found_format(settings) or FORMAT
        states.note(client, warehouse, current, WorkerState("", found))
        return Migrated(current, is_ours=found == FORMAT)
    others = foreign(settings, client)
    current = tables.migrate(client, warehouse, leave=others)
    return Migrated(current, is_ours=current not in others)


def foreign(settings: Settings, client: Client) -> frozenset[str]:
    """Return the generations, of those that are or were served, that go with state of another format."""
    order = promotion.served(client, wiring.warehouse(settings)).order
    return frozenset(
        each for at, each in enumerate(order, 1) if state_of(settings, client, order[:at]).format != FORMAT
    )


def state_of(settings: Settings, client: Client, order: Sequence[str]) -> WorkerState:
    """Return the state that goes with the last of these generations, which were served in this order.

    Where nobody has noted it, the changelogs are looked into; those that hold nothing are anybody's.
    """
    warehouse = wiring.warehouse(settings)
    states.create(client, warehouse)
    known = states.of(client, warehouse, order)
    if known is None and (found := _found_format(settings)) is not None:
        known = WorkerState("", found)
        states.note(client, warehouse, order[0], known)
    return known or WorkerState("", FORMAT)


def names_without(settings: Settings, client: Client, generation: str) -> set[str]:
    """Return the names of the states that go with what is or was served, that generation apart."""
    order = promotion.served(client, wiring.warehouse(settings)).order
    others = (at for at, each in enumerate(order, 1) if each != generation)
    return {state_of(settings, client, order[:at]).name for at in others}


def name_of(generation: str) -> str:
    """Return the name of the state that a generation brings: the number behind the database's name."""
    return generation.rpartition("_")[2]


def _found_format(settings: Settings) -> str | None:
    """Return the format of the deployment's first state, None where there is no state.

    A partition's epoch and format are written together, so the first partition that has an epoch tells.
    """
    told = wiring.engine_settings(settings)
    watermarks = Watermarks(told)
    admin = wiring.admin(settings)
    try:
        counts = topics.partition_counts(admin)
    finally:
        admin.close()
    names = [name for name in map(told.changelog, told.sources) if name in counts]
    bounds = {(name, number): watermarks.bounds(name, number) for name in names for number in range(counts[name])}
    for (name, number), (low, high) in sorted(bounds.items(), key=lambda each: each[1][1] - each[1][0]):
        if high > low:
            with closing(ChangelogReader(told, watermarks, name, number)) as reader:
                reader.seek(low)
                if (found := _format_in(reader, low, high)) is not None:
                    return found
    return None


def _format_in(reader: ChangelogReader, position: int, end: int) -> str | None:
    """Return the format in a partition's changelog, None where it has no state. Raises EngineStopped."""
    epoch, found, idle = False, None, 0
    while position < end:
        chunk = reader.read()
        idle = 0 if chunk.position > position else idle + 1
        if idle > _IDLE_READS:
            raise EngineStopped("changelog unreadable", f"{reader.name}: an open transaction holds its end back")
        position = max(position, chunk.position)
        for key, value in chunk.changes:
            epoch = epoch or key == partition.EPOCH_KEY
            if key == partition.FORMAT_KEY and value is not None:
                found = value.decode(errors="replace")
        if found == FORMAT:
            break
    return (found or _FORMER) if epoch or found else None


def rewind(settings: Settings, state: WorkerState) -> int:
    """Set the group's offsets to where a former state stands; return how many records its workers take in again.

    The group must have no members; those of workers that have ended are removed from it. Raises Unreachable.
    """
    told = msgspec.structs.replace(wiring.engine_settings(settings), state=state.name)
    checkpoints = Layout(told, Watermarks(told)).checkpoints()
    admin = wiring.admin(settings)
    try:
        stood = admin.list_group_offsets(settings.group).get(settings.group, {})
        behind: int = sum(
            max(0, answer.offset - each.source)
            for place, answer in stood.items()
            if (each := checkpoints.get((place.topic, place.partition))) is not None
        )
        to = {
            TopicPartition(*place): OffsetAndMetadata(each.source, "", None)
            for place, each in checkpoints.items()
            if each is not None
        }
        unknown = [place for place in stood if checkpoints.get((place.topic, place.partition)) is None]
        _set_offsets(admin, settings, to, unknown)
    finally:
        admin.close()
    return behind


def _set_offsets(
    admin: Any, settings: Settings, to: Mapping[TopicPartition, OffsetAndMetadata], unknown: Sequence[TopicPartition]
) -> None:
    """Set offsets, and take away those of partitions of which the state knows nothing; wait for the group to be empty.

    A worker with a stable name is a member until its session has timed out, which is waited for where it cannot be
    told to leave.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            gone = [MemberToRemove(group_instance_id=name) for name in sorted(workers.ended(settings))]
            if gone:
                admin.remove_group_members(settings.group, gone)
            answers = dict(admin.alter_group_offsets(settings.group, to)) if to else {}
            answers |= admin.delete_group_offsets(settings.group, unknown) if unknown else {}
        except KafkaError as error:
            wrong: Any = error
        else:
            wrong = next((each for each in answers.values() if each is not NoError), None)
        if wrong is None:
            return
        if time.monotonic() > deadline:
            raise wiring.Unreachable(f"the offsets of group {settings.group} cannot be set back: {wrong}")
        time.sleep(_PAUSE_S)
