"""Views that tell of the others: what every view holds and what it is made of, and which ones go together for whom."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from sinks import catalogue, sql, views
from sinks.tables import TABLES, Column
from sinks.views import View

Audience = Literal["sales", "marketing", "operations", "product"]
_COLUMNS = {
    "name": "View",
    "kind": "raw (rows of one table as they stand), metric (with a definition) or derived (any other view)",
    "comment": "What its rows are",
    "formula": "How the value of a metric follows from what is counted; empty for others",
    "version": "Version of a metric's definition; 0 for others",
    "reads": "Other views that it is made of, by name; empty for raw ones",
    "is_stored": "1 when the same name with _stored behind it has its answer of some minutes ago",
    "is_personal": "1 when it has words about people, which most readers are refused",
    "is_pay": "1 when it tells what a person costs, or that follows from it, which most readers are refused",
}
_SET_COLUMNS = {
    "audience": "Who reads it: sales, marketing, operations or product",
    "position": "Place among the views of the set, from 1",
    "name": "View",
    "comment": "What its rows are",
}
_TYPES = {
    "version": "UInt32",
    "position": "UInt32",
    "reads": "Array(String)",
    "is_stored": "UInt8",
    "is_personal": "UInt8",
    "is_pay": "UInt8",
}
_DICTIONARY = (
    "data_dictionary",
    "Every view of this database, raw and derived: what it holds and what it is made of; columns are in system.columns",
)
_SETS = ("ready_set", "Views for customer experience that is driven by sales, marketing, operations or product")


@cache
def ready() -> dict[Audience, list[str]]:
    """Names of the views of each ready set, as sinks/ready_sets.yaml lists them."""
    text = (files("sinks") / "ready_sets.yaml").read_text("utf-8")
    return msgspec.yaml.decode(text, type=dict[Audience, list[str]])


def every() -> tuple[View, ...]:
    """All views of this release, each behind those that it reads from."""
    return (*views.load(), *own())


def own() -> tuple[View, ...]:
    """Views that are made of what the code knows of all views."""
    told = catalogue.view()
    constants = [(told.name, told.comment), _DICTIONARY, _SETS]
    rows = [*map(_row, views.load()), *(_entry(name, "derived", comment) for name, comment in constants)]
    said = {view.name: view.comment for view in views.load()} | dict(constants)
    listed = [
        ", ".join([sql.text(audience), f"toUInt32({position})", sql.text(name), sql.text(said[name])])
        for audience, names in ready().items()
        for position, name in enumerate(names, 1)
    ]
    return (told, _constant(*_DICTIONARY, _COLUMNS, sorted(rows)), _constant(*_SETS, _SET_COLUMNS, listed))


def _row(view: View) -> str:
    bare = view.name.removeprefix(views.PERSONAL).removeprefix(views.PAY)
    kind = "raw" if bare in TABLES else "metric" if view.catalogue else "derived"
    formula, version = (view.catalogue.formula, view.catalogue.version) if view.catalogue else ("", 0)
    flags = (view.stored is not None, view.name.startswith(views.PERSONAL), view.name.startswith(views.PAY))
    return _entry(view.name, kind, view.comment, formula, version, sorted(views.references(view.select)), flags)


def _entry(
    name: str,
    kind: str,
    comment: str,
    formula: str = "",
    version: int = 0,
    reads: Iterable[str] = (),
    flags: Iterable[bool] = (False, False, False),
) -> str:
    listed = f"CAST([{', '.join(map(sql.text, reads))}], 'Array(String)')"
    numbers = (f"toUInt8({int(flag)})" for flag in flags)
    return ", ".join([*map(sql.text, (name, kind, comment, formula)), f"toUInt32({version})", listed, *numbers])


def _constant(name: str, comment: str, columns: dict[str, str], rows: list[str]) -> View:
    listed = ",\n        ".join(f"({row})" for row in rows)
    picked = ",\n    ".join(f"tupleElement(row, {i}) AS {column}" for i, column in enumerate(columns, 1))
    select = f"SELECT\n    {picked}\nFROM\n(\n    SELECT arrayJoin([\n        {listed}\n    ]) AS row\n)"
    described = tuple(Column(column, _TYPES.get(column, "String"), said) for column, said in columns.items())
    return View(name, comment, described, select.replace("$", "$$"))
