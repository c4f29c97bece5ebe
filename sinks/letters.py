"""Dead letters as the tables know them: found, counted, and what was done with each of them.

The actions stand in the meta database and are only ever added to; one process at a time adds to them, as
`sinks.locks` sees to. Where the bytes are is Kafka's to say.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.holders import actor
from sinks.settings import Warehouse

Action = Literal["sending", "unsent", "redriven", "discarded"]
Status = Literal["open", "redriven", "discarded"]
By = Literal["reason", "topic", "account", "source", "hour"]

_BY = {
    "reason": "reason",
    "topic": "topic",
    "account": "account_key",
    "source": "source",
    "hour": "toStartOfHour(ingested_at)",
}
_TIME = "formatDateTime({}, '%%FT%%T.%%fZ', 'UTC')"  # the driver substitutes parameters, hence the doubled signs
_MICROS = "toUnixTimestamp64Micro({})"
_AT_ONCE = 5_000


class At(msgspec.Struct, frozen=True, order=True):
    """Where a record stands."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}@{self.offset}"


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which letters are meant: all that fit every part that is given. Times are microseconds, `until` left out."""

    reason: str = ""
    topic: str = ""
    account: str = ""
    source: str = ""
    since: int | None = None
    until: int | None = None
    at: At | None = None


class Group(msgspec.Struct, frozen=True):
    """Letters that have something in common; times are ISO 8601, UTC, and say when Kafka stored the records."""

    name: str
    letters: int
    open: int
    redriven: int
    discarded: int
    first_seen: str
    last_seen: str
    newest: At


class Known(msgspec.Struct, frozen=True):
    """One letter. `ingested_at` is in microseconds since 1970; `decided_at` is ISO 8601, empty while it is open."""

    at: At
    account_key: str
    reason: str
    detail: str
    ingested_at: int
    size_bytes: int
    status: Status
    decided_at: str
    decided_by: str
    why: str
    redriven_to: int | None
    source: str = ""
    event_type: str = ""
    event_id: str = ""


class Unfinished(msgspec.Struct, frozen=True):
    """A letter whose sending was begun and not confirmed.

    A copy of it can stand in `partition` from offset `floor` on; `begun_at` is when it was last begun, in microseconds.
    """

    at: At
    reason: str
    partition: int
    floor: int
    begun_at: int


class Done(msgspec.Struct, frozen=True):
    """One action on one letter; `log_offset` of `log_partition` is -1 where no record belongs to it."""

    at: At
    reason: str
    log_offset: int = -1
    log_partition: int = -1


def groups(client: Client, warehouse: Warehouse, chosen: Chosen, by: By) -> list[Group]:
    """Count the letters, the largest group first; hours in their order."""
    order = "name" if by == "hour" else "letters DESC, name"
    name = _TIME.format(_BY[by]) if by == "hour" else f"toString({_BY[by]})"
    where, values = _where(chosen)
    rows = client.execute(
        f"SELECT {name} AS name, count() AS letters, countIf(status = 'open'), countIf(status = 'redriven'),"  # noqa: S608
        f" countIf(status = 'discarded'), {_TIME.format('min(ingested_at)')}, {_TIME.format('max(ingested_at)')},"
        " argMax((topic, partition, offset), (ingested_at, offset))"
        f" FROM {_state(warehouse)} WHERE {where} GROUP BY name ORDER BY {order}",
        values,
    )
    names = Group.__struct_fields__[:-1]
    return [Group(**dict(zip(names, row, strict=False)), newest=At(*row[-1])) for row in rows]


def found(client: Client, warehouse: Warehouse, chosen: Chosen, status: Status | None = None) -> list[Known]:
    """Return the letters in the order of the log; a status leaves out all others."""
    where, values = _where(chosen)
    rows = client.execute(
        f"SELECT topic, partition, offset, account_key, reason, detail, {_MICROS.format('ingested_at')}, size_bytes,"  # noqa: S608
        f" status, ifNull({_TIME.format('decided_at')}, ''), decided_by, why, redriven_to,"
        " source, event_type, event_id"
        f" FROM {_state(warehouse)} WHERE {where} AND %(status)s IN ('', status) ORDER BY topic, partition, offset",
        {**values, "status": status or ""},
    )
    return [Known(At(*row[:3]), *row[3:]) for row in rows]


def reasons(client: Client, warehouse: Warehouse) -> list[str]:
    """Return the reasons that letters have."""
    rows = client.execute(f"SELECT DISTINCT toString(reason) FROM {_state(warehouse)} ORDER BY ALL")  # noqa: S608
    return [reason for (reason,) in rows]


def write(client: Client, warehouse: Warehouse, action: Action, letters: Iterable[Done], why: str = "") -> None:
    """Write down what was done, in the name of whoever runs this process."""
    who = actor()
    rows = [
        (*msgspec.structs.astuple(each.at), action, each.reason, why, each.log_offset, each.log_partition, who)
        for each in letters
    ]
    if rows:
        columns = "(topic, partition, offset, action, reason, why, log_offset, log_partition, actor)"
        client.execute(f"INSERT INTO {_actions(warehouse)} {columns} VALUES", rows)


def unfinished(client: Client, warehouse: Warehouse) -> list[Unfinished]:
    """Return the letters whose redrive was cut short between sending and writing that down."""
    rows = client.execute(
        "SELECT topic, partition, offset, any(reason), if(max(log_partition) < 0, partition, max(log_partition)),"  # noqa: S608
        f" minIf(log_offset, action = 'sending'), {_MICROS.format('max(at)')} FROM {_actions(warehouse)}"
        " GROUP BY topic, partition, offset"
        " HAVING countIf(action = 'redriven') = 0 AND countIf(action = 'sending') > countIf(action = 'unsent')"
        " ORDER BY topic, partition, offset"
    )
    return [Unfinished(At(*row[:3]), *row[3:]) for row in rows]


def taken_in(
    client: Client, warehouse: Warehouse, events: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], At]:
    """Say which of the events, each an account, a source and an event id, were taken in, and where they stand."""
    known: dict[tuple[str, str, str], At] = {}
    wanted = sorted(events)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = client.execute(
            f"SELECT account_id, toString(source), event_id, topic, partition, offset FROM {_cx(warehouse)}.event"  # noqa: S608
            " WHERE account_id IN %(accounts)s AND (account_id, source, event_id) IN %(events)s",
            {
                "accounts": sorted({account for account, *_ in wanted[start : start + _AT_ONCE]}),
                "events": wanted[start : start + _AT_ONCE],
            },
        )
        known.update({row[:3]: At(*row[3:]) for row in rows})
    return known


def _where(chosen: Chosen) -> tuple[str, dict[str, object]]:
    """Return a condition and its parameters."""
    parts: list[str] = []
    values: dict[str, object] = {}
    columns: Sequence[tuple[str, str, object]] = (
        ("reason = %(reason)s", "reason", chosen.reason or None),
        ("topic = %(topic)s", "topic", chosen.topic or None),
        ("account_key = %(account)s", "account", chosen.account or None),
        ("source = %(source)s", "source", chosen.source or None),
        ("ingested_at >= fromUnixTimestamp64Micro(%(since)s)", "since", chosen.since),
        ("ingested_at < fromUnixTimestamp64Micro(%(until)s)", "until", chosen.until),
    )
    for condition, name, value in columns:
        if value is not None:
            parts.append(condition)
            values[name] = value
    if chosen.at is not None:
        parts.append("topic = %(at_topic)s AND partition = %(at_partition)s AND offset = %(at_offset)s")
        values |= {f"at_{name}": value for name, value in msgspec.structs.asdict(chosen.at).items()}
    return " AND ".join(parts) or "1", values


def _cx(warehouse: Warehouse) -> str:
    return sql.name(warehouse.database)


def _state(warehouse: Warehouse) -> str:
    return f"{_cx(warehouse)}.dead_letter_state"


def _actions(warehouse: Warehouse) -> str:
    return f"{sql.name(warehouse.meta)}.dead_letter_action"
