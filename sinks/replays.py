"""What is remembered of replays: what each generation was made from, how far it got, and who did what.

Everything lives in the meta database, which `generations.create_log` makes. A generation is begun once, reports
while it is filled and ends filled or failed; the audit log is only ever added to. One process at a time writes about
a generation: `sinks.locks` sees to that.
"""

from collections.abc import Collection, Sequence
from typing import Literal

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.holders import Holder, actor, myself
from sinks.settings import Warehouse

Kind = Literal["rebuild", "repair", "what-if", "merge"]
State = Literal["running", "filled", "failed", "dropped"]
Outcome = Literal["begun", "done", "refused", "failed"]


class Replay(msgspec.Struct, frozen=True):
    """One generation: what it was made from, and how far it got.

    ``accounts`` is empty for all accounts. Times are ISO 8601, UTC. ``silent_s`` is the time since its last word.
    """

    generation: str
    plan_hash: str
    kind: Kind
    accounts: tuple[str, ...]
    plan: str
    actor: str
    begun_at: str
    state: State
    records: int
    total: int
    resume: str
    detail: str
    holder: Holder
    silent_s: float
    revision: int

    @property
    def under_way(self) -> bool:
        """Whether a process is filling the generation now; not so when that process has died."""
        return self.state == "running" and self.holder.alive(self.silent_s)


class Action(msgspec.Struct, frozen=True):
    """One row of the audit log; ``at`` is ISO 8601, UTC."""

    at: str
    actor: str
    action: str
    generation: str
    plan_hash: str
    outcome: Outcome
    detail: str


class Erased(msgspec.Struct, frozen=True):
    """A person, or with an empty ``contact_id`` a whole account, that was erased."""

    account_id: str
    contact_id: str


def begin(
    client: Client,
    warehouse: Warehouse,
    generation: str,
    *,
    plan_hash: str,
    kind: Kind,
    accounts: Collection[str],
    plan: str,
) -> None:
    """Write down what the generation is made from, and that this process fills it now.

    ``plan`` is JSON text. Beginning a generation again replaces what was written of it.
    """
    row = (generation, plan_hash, kind, sorted(accounts), plan, actor())
    columns = "(generation, plan_hash, kind, accounts, plan, actor)"
    client.execute(f"INSERT INTO {sql.name(warehouse.meta)}.replay {columns} VALUES", [row])
    _note(client, warehouse, generation, "running")


def heartbeat(
    client: Client, warehouse: Warehouse, generation: str, *, records: int, total: int, resume: str = ""
) -> None:
    """Say that the replay lives and how far it got; call it every few seconds, at least every 30.

    ``resume`` is whatever the replay needs to go on after a kill; what stands in it must be true of the rows written.
    """
    _note(client, warehouse, generation, "running", records, total, resume)


def finish(client: Client, warehouse: Warehouse, generation: str, *, records: int, resume: str = "") -> None:
    """Say that the generation holds all that its plan asks for; ``resume`` is what catching up starts from."""
    _note(client, warehouse, generation, "filled", records, records, resume)


def fail(client: Client, warehouse: Warehouse, generation: str, reason: str) -> None:
    """Say that the replay ended without filling the generation, keeping how far it got."""
    known = state(client, warehouse, generation)
    got = (known.records, known.total, known.resume) if known else (0, 0, "")
    _note(client, warehouse, generation, "failed", *got, detail=reason)


def dropped(client: Client, warehouse: Warehouse, generation: str) -> None:
    """Say that the generation's tables are gone."""
    _note(client, warehouse, generation, "dropped")


def _note(
    client: Client,
    warehouse: Warehouse,
    generation: str,
    state: State,
    records: int = 0,
    total: int = 0,
    resume: str = "",
    *,
    detail: str = "",
) -> None:
    table = f"{sql.name(warehouse.meta)}.replay_state"
    holder = msgspec.json.encode(myself()).decode()
    client.execute(
        f"INSERT INTO {table} (generation, state, records, total, resume, detail, holder, revision)"  # noqa: S608
        " SELECT %(generation)s, %(state)s, %(records)s, %(total)s, %(resume)s, %(detail)s, %(holder)s,"
        f" max(revision) + 1 FROM {table} WHERE generation = %(generation)s",
        {
            "generation": generation,
            "state": state,
            "records": records,
            "total": total,
            "resume": resume,
            "detail": detail,
            "holder": holder,
        },
    )


_TIME = "formatDateTime({}, '%%FT%%T.%%fZ', 'UTC')"  # the driver substitutes parameters, hence the doubled signs


def listed(client: Client, warehouse: Warehouse) -> list[Replay]:
    """Return every replay that is known, dropped ones included, by the time they were begun."""
    meta = sql.name(warehouse.meta)
    rows = client.execute(
        f"SELECT r.generation, plan_hash, kind, accounts, plan, actor, {_TIME.format('begun_at')}, state, records,"  # noqa: S608
        " total, resume, detail, holder, dateDiff('millisecond', s.at, now64(6)) / 1000, revision"
        f" FROM {meta}.replay AS r FINAL INNER JOIN {meta}.replay_state AS s FINAL ON s.generation = r.generation"
        " ORDER BY begun_at, r.generation",
        {},
    )
    return [msgspec.convert(_struct_row(row), Replay) for row in rows]


def _struct_row(row: Sequence[object]) -> dict[str, object]:
    told = dict(zip(Replay.__struct_fields__, row, strict=True))
    return {**told, "holder": msgspec.json.decode(str(told["holder"]), type=Holder)}


def state(client: Client, warehouse: Warehouse, generation: str) -> Replay | None:
    """Return what is known of the generation; None for one that no replay made."""
    return next((each for each in listed(client, warehouse) if each.generation == generation), None)


def of_plan(client: Client, warehouse: Warehouse, plan_hash: str) -> list[Replay]:
    """Return the replays of a plan whose generations still exist, newest first."""
    found = [each for each in listed(client, warehouse) if each.plan_hash == plan_hash and each.state != "dropped"]
    return found[::-1]


def audit(
    client: Client,
    warehouse: Warehouse,
    action: str,
    outcome: Outcome,
    *,
    generation: str = "",
    plan_hash: str = "",
    detail: str = "",
) -> None:
    """Add a row to the audit log, in the name of whoever runs this process."""
    columns = "(actor, action, generation, plan_hash, outcome, detail)"
    row = (actor(), action, generation, plan_hash, outcome, detail)
    client.execute(f"INSERT INTO {sql.name(warehouse.meta)}.replay_log {columns} VALUES", [row])


def audited(
    client: Client, warehouse: Warehouse, *, action: str = "", generation: str = "", limit: int = 100
) -> list[Action]:
    """Return the newest rows of the audit log, newest first; an empty ``action`` or ``generation`` means any."""
    columns = ", ".join(Action.__struct_fields__[1:])
    rows = client.execute(
        f"SELECT {_TIME.format('at')}, {columns} FROM {sql.name(warehouse.meta)}.replay_log AS l"  # noqa: S608
        " WHERE %(action)s IN ('', action) AND %(generation)s IN ('', generation)"
        " ORDER BY l.at DESC LIMIT %(limit)s",
        {"action": action, "generation": generation, "limit": limit},
    )
    return [Action(*row) for row in rows]


def erased(client: Client, warehouse: Warehouse, accounts: Collection[str] = ()) -> list[Erased]:
    """Return the erased subjects among the accounts, or all of them when no accounts are given."""
    rows = client.execute(
        f"SELECT account_id, contact_id FROM {sql.name(warehouse.meta)}.erased_subject FINAL"  # noqa: S608
        " WHERE empty(%(accounts)s) OR has(%(accounts)s, account_id) ORDER BY ALL",
        {"accounts": list(accounts)},
    )
    return [Erased(*row) for row in rows]
