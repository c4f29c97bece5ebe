"""Judge a look: each question is answered with ok, warn or fail. No clock, no client: a function of the look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infra.health.model import Check
from infra.health.pages import BROKER, CLICKHOUSE, DEPLOY, DISK, LAG, POISON, REBUILD, WRONG
from infra.health.text import duration, number, size
from infra.health.workforce import STARTING, of_workers
from streams.live.engine.partition_counts import REMEDY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.health.model import Broker, Disk, Look, Tables, Taking


class Tolerance(msgspec.Struct, frozen=True):
    """From where on something is wrong: seconds of lag and of an open transaction, shares of records and of a disk.

    Fewer than ``dead_least`` dead letters are no flood, whatever their share.
    """

    lag_seconds: float = 300.0
    transaction_seconds: float = 30.0
    dead_share: float = 0.01
    dead_least: int = 10
    disk_warn: float = 0.15
    disk_fail: float = 0.05
    disk_bytes: int = 1 << 30


def judge(look: Look, tolerance: Tolerance = Tolerance()) -> list[Check]:  # noqa: B008 - frozen
    """Return all checks, in the order in which one would look."""
    return [
        _server("kafka", look, "Kafka", look.kafka, BROKER),
        _server("clickhouse", look, "ClickHouse", look.clickhouse, CLICKHOUSE),
        *(_of_broker(look, look.broker, tolerance) if look.broker else ()),
        *of_workers(look),
        *map(_webhooks, look.webhooks),
        *(_of_tables(look.tables, tolerance) if look.tables else ()),
        *_disks(look, tolerance),
    ]


def _webhooks(found: Taking) -> Check:
    """Senders that come only once are lost while nobody receives; what was received waits where nobody translates."""
    if found.runs:
        return Check(found.name, "ok", f"{found.name} runs{f' at {found.said}' if found.said else ''}")
    said = f"{found.name} does not run: {found.said}"
    return Check(found.name, "fail", said, f"see {found.log}; `cx restart` starts it again", LAG)


def _server(name: str, look: Look, server: str, address: str, runbook: str) -> Check:
    if server in look.down:
        remedy = f"see whether {server} runs and whether this machine reaches it"
        return Check(name, "fail", f"{server} at {address} does not answer: {look.down[server]}", remedy, runbook)
    return Check(name, "ok", f"{server} answers at {address}")


def _of_broker(look: Look, broker: Broker, tolerance: Tolerance) -> Iterator[Check]:
    yield _members(look, broker)
    yield _lag(look, broker, tolerance)
    yield _transactions(broker, tolerance)
    yield from (Check("partitions", "fail", said, REMEDY, REBUILD) for said in broker.layout)


def _members(look: Look, broker: Broker) -> Check:
    if look.paused:
        return Check("workers", "warn", "workers are paused: a promotion is under way", "wait for it to end", REBUILD)
    if not broker.members:
        if any(worker.state == STARTING for worker in look.workers):
            return Check("workers", "warn", "no worker is a member of the group yet", "look again when they run", LAG)
        return Check("workers", "fail", "no worker is a member of the group", "start `cx worker`, look at its log", LAG)
    if len(broker.members) < look.wanted:
        said = f"{len(broker.members)} of {number(look.wanted, 'worker')} in the group"
        # One that is named below is one thing wrong, and not two.
        named = any(not worker.url or not worker.healthy for worker in look.workers)
        return Check("workers", "warn" if named else "fail", said, "start those that are missing, see their logs", LAG)
    return Check("workers", "ok", f"{number(len(broker.members), 'worker')} in the group")


def _lag(look: Look, broker: Broker, tolerance: Tolerance) -> Check:
    waiting = sum(place.waiting for place in broker.places)
    if not waiting:
        return Check("lag", "ok", "everything is taken in")
    worst = max((place for place in broker.places if place.waiting), key=lambda place: place.seconds or 0.0)
    where = f"{worst.topic} partition {worst.partition}"
    age = "of unknown age" if worst.seconds is None else f"the oldest for {duration(worst.seconds)}"
    said = f"{number(waiting, 'record')} wait, {age} ({where}), {broker.rate:,.0f} a second are taken in"
    if (worst.seconds or 0.0) > tolerance.lag_seconds and not look.paused:
        return Check("lag", "fail", said, "see whether workers run, are stalled, or are too few", LAG)
    return Check("lag", "ok", said)


def _transactions(broker: Broker, tolerance: Tolerance) -> Check:
    hanging = [each for each in broker.transactions if each.seconds > tolerance.transaction_seconds]
    if not hanging:
        return Check("transactions", "ok", "no transaction hangs")
    worst = max(hanging, key=lambda each: each.seconds)
    said = f"{worst.producer} holds {worst.topic} partition {worst.partition} open for {duration(worst.seconds)}"
    return Check("transactions", "fail", said, "end that producer, or wait for its transaction timeout", LAG)


def _of_tables(tables: Tables, tolerance: Tolerance) -> Iterator[Check]:
    if tables.generation is None:
        yield Check("generation", "fail", "there are no tables yet", "run `cx migrate`", DEPLOY)
    else:
        yield Check("generation", "ok", f"views read from {tables.generation}")
    yield _letters(tables, tolerance)
    yield _invariants(tables)
    yield _unresolved(tables)
    yield from (_replay(replay.generation, replay.actor, alive=replay.alive) for replay in tables.replays)


def _letters(tables: Tables, tolerance: Tolerance) -> Check:
    found = tables.dead_letters
    if found is None:
        return Check("dead letters", "warn", "dead letters could not be counted", "run `cx migrate`", POISON)
    counts = ((found.recent, found.looked_at), (found.hour, found.hour_of))
    flood = any(
        of is not None and bad >= tolerance.dead_least and bad > tolerance.dead_share * of for bad, of in counts
    )
    of_hour = "" if found.hour_of is None else f" of {found.hour_of:,}"
    said = (
        f"{found.recent:,} of the last {found.looked_at:,} records, {found.hour:,}{of_hour} in the last hour,"
        f" {found.open:,} in all"
    )
    said += " are open dead letters" if found.told_apart else " are dead letters, redriven and discarded ones included"
    said += f", {found.worst}" if found.worst else ""
    if flood:
        return Check("dead letters", "fail", said, "see why with `cx dead-letters list`", POISON)
    return Check("dead letters", "ok", said)


def _invariants(tables: Tables) -> Check:
    if tables.broken is None:
        return Check("invariants", "warn", "invariants could not be checked in time", "", WRONG)
    if tables.broken:
        said = ", ".join(f"{name} ({count:,})" for name, count in tables.broken.items())
        return Check("invariants", "fail", f"broken: {said}", "look at cx.broken_invariant", WRONG)
    return Check("invariants", "ok", "no row contradicts another")


def _unresolved(tables: Tables) -> Check:
    """Nothing is wrong while events wait: they count under their own key until somebody links it."""
    found = tables.unresolved
    if found is None:
        return Check("unknown accounts", "ok", "events of unknown accounts could not be counted in time")
    if not found.accounts:
        return Check("unknown accounts", "ok", "every account of an event is known")
    said = f"{number(found.events, 'event')} of {number(found.accounts, 'unknown account')}, see cx.unresolved"
    return Check("unknown accounts", "ok", said)


def _replay(generation: str, actor: str, *, alive: bool) -> Check:
    if alive:
        return Check("replay", "ok", f"{actor} fills {generation}")
    return Check("replay", "warn", f"the replay into {generation} was cut short", "run it again: it goes on", REBUILD)


def _disks(look: Look, tolerance: Tolerance) -> Iterator[Check]:
    disks = [*([look.data_disk] if look.data_disk else ()), *(look.tables.disks if look.tables else ())]
    yield from (_disk(disk, tolerance) for disk in disks)


def _disk(disk: Disk, tolerance: Tolerance) -> Check:
    name, share = f"disk {disk.name}", disk.free / max(1, disk.total)
    said = f"{size(disk.free)} of {size(disk.total)} free at {disk.path}"
    if share < tolerance.disk_fail or disk.free < tolerance.disk_bytes:
        return Check(name, "fail", said, "free some space before Kafka or ClickHouse stop", DISK)
    return Check(name, "warn" if share < tolerance.disk_warn else "ok", said, runbook=DISK)
