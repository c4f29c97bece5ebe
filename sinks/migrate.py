"""Brings a server to what this version of the code expects: tables, views, catalogue. Twice is the same as once.

Every statement is idempotent or replaces its object at once, so two runs beside each other end in the same place,
and a run that was cut short is completed by the next.
"""

from collections.abc import Collection

import msgspec
from clickhouse_driver import Client

from sinks import dictionary, generations, sql, stored, view_types, views
from sinks.settings import Warehouse
from sinks.tables import Column
from sinks.views import View

_DESCRIBED: dict[tuple[tuple[int, ...], View, Warehouse], list[Column]] = {}
"""Columns by (server version, view, settings without those that no type follows from)."""


def migrate(client: Client, warehouse: Warehouse, *, leave: Collection[str] = ()) -> str:
    """Bring every generation's tables and all views up to date; return the current generation.

    The first run makes generation 1 and promotes it. Those that another release writes are to be named in ``leave``:
    their tables stay as that release made them, and if it is the current one whose they are, so do the views.
    """
    generations.create_log(client, warehouse)
    for generation in generations.names(client, warehouse):
        if generation not in leave:
            generations.migrate(client, warehouse, generation)
    current = generations.current(client, warehouse)
    if current is not None and current in leave:
        return current
    if current is None:
        current = f"{warehouse.database}_g1"
        generations.migrate(client, warehouse, current)
        generations.record(client, warehouse, current)
    client.execute(f"CREATE DATABASE IF NOT EXISTS {sql.name(warehouse.database)} {warehouse.on_cluster}")
    for view in dictionary.every():
        columns = apply(client, warehouse, view, current)
        if view.stored is not None:
            stored.apply(client, warehouse, view.name, view.stored, view.comment, columns)
    return current


def apply(client: Client, warehouse: Warehouse, view: View, generation: str) -> list[Column]:
    """Make or replace one view; return its columns. Raises ValueError when it declares others than its SELECT has."""
    select = views.select(view, warehouse, generation)
    columns = list(view.columns) if view_types.is_typed(view) else _known(client, view, select, warehouse)
    _make(client, warehouse, view, select, columns)
    return columns


def apply_asking(client: Client, warehouse: Warehouse, view: View, generation: str) -> list[Column]:
    """As `apply`, with the types that the server gives, whatever this release knows of them."""
    select = views.select(view, warehouse, generation)
    columns = list(view.columns) if view_types.is_typed(view) else described(client, view, select)
    _make(client, warehouse, view, select, columns)
    return columns


def _make(client: Client, warehouse: Warehouse, view: View, select: str, columns: list[Column]) -> None:
    target = f"{sql.name(warehouse.database)}.{sql.name(view.name)}"
    client.execute(sql.create_view(target, columns, select, view.comment, warehouse.on_cluster))


def _known(client: Client, view: View, select: str, warehouse: Warehouse) -> list[Column]:
    """As `described`, without asking for what this release knows of the server; the rest is asked once in a program."""
    version = client.connection.server_info.version_tuple()
    if (found := view_types.known(view, warehouse, version)) is not None:
        return found
    asked = (version, view, msgspec.structs.replace(warehouse, database="", stored_minutes=0))
    if asked not in _DESCRIBED:
        _DESCRIBED[asked] = described(client, view, select)
    return _DESCRIBED[asked]


def described(client: Client, view: View, select: str) -> list[Column]:
    """Return the view's columns with the types that its SELECT gives them; asking takes longer than making the view."""
    found = [(row[0], row[1]) for row in client.execute(f"DESCRIBE TABLE ({select})")]
    declared = [column.name for column in view.columns]
    if [name for name, _ in found] != declared:
        raise ValueError(f"{view.name}: declares {declared}, selects {[name for name, _ in found]}")
    return [Column(c.name, kind, c.comment) for c, (_, kind) in zip(view.columns, found, strict=True)]
