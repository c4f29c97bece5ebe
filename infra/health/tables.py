"""Ask ClickHouse about a deployment: what is served, what was refused, what contradicts itself, the space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clickhouse_driver.errors import ErrorCodes, ServerException

from infra import wiring
from infra.health.model import PATIENCE_S, DeadLetters, Disk, ReplayState, Tables, Waiting
from infra.printable import visible
from sinks import generations, replays, sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clickhouse_driver import Client

    from infra.settings import Settings
    from sinks.settings import Warehouse

RECENT = 10_000
_SHOWN = 60
_PATIENCE = {"max_execution_time": 5, "timeout_overflow_mode": "throw"}
_NOT_THERE = frozenset({ErrorCodes.UNKNOWN_DATABASE, ErrorCodes.UNKNOWN_TABLE})
_OLDER = frozenset({ErrorCodes.UNKNOWN_IDENTIFIER})
"""A view that an earlier version made has fewer columns until the database is migrated."""
_SLOW = frozenset({ErrorCodes.TIMEOUT_EXCEEDED, ErrorCodes.TOO_SLOW, ErrorCodes.MEMORY_LIMIT_EXCEEDED})


def look(settings: Settings, taken: Mapping[tuple[str, int], int]) -> Tables:
    """Look; ``taken`` are the workers' offsets by topic and partition. Raises what the driver raises."""
    client, warehouse = wiring.clickhouse(settings, timeout=PATIENCE_S), wiring.warehouse(settings)
    try:
        return Tables(
            version=client.execute("SELECT version()")[0][0],
            generation=current(client, warehouse),
            dead_letters=_dead_letters(client, settings, taken),
            broken=_broken(client, settings),
            unresolved=_unresolved(client, settings),
            disks=[
                Disk(*row) for row in client.execute("SELECT name, path, free_space, total_space FROM system.disks")
            ],
            replays=_replays(client, warehouse),
        )
    finally:
        client.disconnect()


def current(client: Client, warehouse: Warehouse) -> str | None:
    """Return the generation that is served, None where nothing was migrated yet."""
    try:
        return generations.current(client, warehouse)
    except ServerException as error:
        if error.code not in _NOT_THERE:
            raise
        return None


def _asked(client: Client, query: str, parameters: Mapping[str, Any] | None = None) -> list[Any] | None:
    """Ask, for a few seconds; None where the table is not there, or older, or the answer takes too long.

    The server does not count the time in which it reads a long statement, so nothing may have come at all: whether it
    is there at all is asked before.
    """
    try:
        found: list[Any] = client.execute(query, dict(parameters or {}), settings=_PATIENCE)
    except ServerException as error:
        if error.code not in _NOT_THERE | _OLDER | _SLOW:
            raise
        return None
    except TimeoutError:  # its socket's own: the driver wraps only those of connecting
        client.disconnect()
        return None
    return found


def _dead_letters(client: Client, settings: Settings, taken: Mapping[tuple[str, int], int]) -> DeadLetters | None:
    each = RECENT // max(1, len(taken))
    since = [(topic, number, max(0, offset - each)) for (topic, number), offset in taken.items()]
    places, offsets = [(topic, number) for topic, number, _ in since] or [("", 0)], [at for *_, at in since] or [0]
    cx = sql.name(settings.database)
    # Where the view of open letters is not there yet, or takes too long, all of them are the upper bound.
    for view in ("dead_letter_open", "dead_letter"):
        found = _asked(
            client,
            f"SELECT count(), countIf(offset >= %(offsets)s[indexOf(%(places)s, (toString(topic), partition))]),"  # noqa: S608
            f" countIf(ingested_at > now() - 3600) FROM {cx}.{view}",
            {"places": places, "offsets": offsets},
        )
        if found is not None:
            break
    else:
        return None
    count, recent, hour = found[0]
    accepted = _asked(client, f"SELECT countIf(ingested_at > now() - 3600) FROM {cx}.event")  # noqa: S608
    return DeadLetters(
        open=count,
        recent=recent,
        looked_at=max(recent, sum(min(each, offset) for offset in taken.values())),
        hour=hour,
        hour_of=None if accepted is None else hour + accepted[0][0],
        told_apart=view == "dead_letter_open",
        worst=_worst(client, f"{cx}.{view}") if hour else "",
    )


def _worst(client: Client, view: str) -> str:
    """Return who sends most of the last hour's letters in a view, and why they are refused."""
    found = _asked(
        client,
        f"SELECT count() AS n, source, toString(reason) AS why FROM {view}"  # noqa: S608
        " WHERE ingested_at > now() - 3600 GROUP BY source, why ORDER BY n DESC, source, why LIMIT 1",
    )
    if not found:
        return ""
    count, source, reason = found[0]
    sender = visible(source, _SHOWN) or "senders that cannot be read"
    return f"{count:,} of them from {sender} as {reason}"


def _broken(client: Client, settings: Settings) -> dict[str, int] | None:
    view = f"{sql.name(settings.database)}.broken_invariant"
    found = _asked(client, f"SELECT invariant, count() FROM {view} GROUP BY invariant ORDER BY invariant")  # noqa: S608
    return None if found is None else dict(found)


def _unresolved(client: Client, settings: Settings) -> Waiting | None:
    view = f"{sql.name(settings.database)}.unresolved"
    found = _asked(client, f"SELECT count(), sum(events) FROM {view} WHERE state != 'linked'")  # noqa: S608
    return None if found is None else Waiting(*found[0])


def _replays(client: Client, warehouse: Warehouse) -> list[ReplayState]:
    try:
        known = replays.listed(client, warehouse)
    except ServerException as error:
        if error.code not in _NOT_THERE:
            raise
        return []
    return [
        ReplayState(each.generation, each.kind, each.actor, each.records, each.total, each.under_way)
        for each in known
        if each.state == "running"
    ]
