"""State of the workers by generation: the name of its changelogs and the format of their records.

A release that keeps state otherwise builds its own beside the former one (ADR 0146). A promotion then changes tables
and state by one line of the log of promotions, because this table says what state belongs to each generation.
"""

from collections.abc import Sequence

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.settings import Warehouse


class WorkerState(msgspec.Struct, frozen=True):
    """State that workers keep in changelogs.

    ``name`` is the end of those topics' names, such as ``g2`` of ``cx.survey-changelog-g2``, empty for the first
    state of a deployment. ``format`` is the format of its records.
    """

    name: str
    format: str


def create(client: Client, warehouse: Warehouse) -> None:
    """Make the table; twice is the same as once.

    It is no migration: a former release refuses a database that has had migrations which it does not know.
    """
    client.execute(
        f"CREATE TABLE IF NOT EXISTS {_table(warehouse)} {warehouse.on_cluster}\n(\n"
        "    generation String COMMENT 'Database whose rows go with the state',\n"
        "    name String COMMENT 'End of the names of its changelogs; empty for the first state of a deployment',\n"
        "    format LowCardinality(String) COMMENT 'Format of the records in its changelogs',\n"
        "    at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'When it was written down, UTC'\n)\n"
        f"ENGINE = {warehouse.engine_prefix}ReplacingMergeTree(at) ORDER BY generation\n"
        "COMMENT 'State of the workers by generation; one that is not here goes with the state of the one before'"
    )


def note(client: Client, warehouse: Warehouse, generation: str, state: WorkerState) -> None:
    """Write down which state goes with the generation once it is served."""
    client.execute(
        f"INSERT INTO {_table(warehouse)} (generation, name, format) VALUES",
        [(generation, state.name, state.format)],
    )


def of(client: Client, warehouse: Warehouse, order: Sequence[str]) -> WorkerState | None:
    """Return the state that goes with the last of these generations, None where no release has said so.

    ``order`` is as they were served. One that brought no state of its own went on with that of the one before it.
    """
    known = {
        name: WorkerState(own, kind)
        for name, own, kind in client.execute(f"SELECT generation, name, format FROM {_table(warehouse)} FINAL")  # noqa: S608
    }
    return next((known[each] for each in reversed(order) if each in known), None)


def _table(warehouse: Warehouse) -> str:
    return f"{sql.name(warehouse.meta)}.worker_state"
