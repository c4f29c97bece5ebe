"""Readers: a value of the mapping becomes a function from a row to a field of the event.

Compiled once per import, because the rows of a table are many and its mapping is one.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from typing import Any, assert_never

from streams.ingest import scalars
from streams.ingest.scalars import CellError
from streams.ingest.values import Cell, Constant, Items, Record, Value, names_in

_QUOTED = 64

Row = Mapping[str, str]
Read = Callable[[Row], Any]


def _scalar(cell: Cell) -> Callable[[str], Any]:
    match cell.kind:
        case "text":
            return str
        case "number":
            return scalars.number(cell.decimal, cell.group)
        case "integer":
            return scalars.integer(cell.group)
        case "boolean":
            return scalars.boolean
        case "time":
            return scalars.clock(cell.format or "", cell.zone, cell.day)
        case "money":
            return scalars.money(cell.exponent or 0, cell.decimal, cell.group)
        case unreachable:
            assert_never(unreachable)


def _text(cell: Cell) -> Callable[[Row], str]:
    """Return the reader of a cell's text; a column's name is taken as it is, dots and brackets included."""
    if (column := cell.column) is not None:
        return lambda row: row[column]
    parts = [(literal, name) for literal, name, *_ in string.Formatter().parse(cell.template or "")]
    return lambda row: "".join(literal + (row[name] if name else "") for literal, name in parts)


def _parts_given(cell: Cell, place: str) -> Callable[[Row], bool]:
    """Return what asks whether every column of a template holds something; raises CellError where it must."""
    if cell.template is None or cell.empty == "keep":
        return lambda _: True
    names = dict.fromkeys(names_in(cell.template))

    def given(row: Row) -> bool:
        lacking = [name for name in names if not row[name]]
        if lacking and cell.empty == "reject":
            raise CellError(f"{', '.join(lacking)}: empty, but {place or 'a template'} is made from it")
        return not lacking

    return given


def _cell(cell: Cell, place: str) -> Read:
    name = cell.column or cell.template or ""
    given = _parts_given(cell, place)
    text_of, convert, known, absent = _text(cell), _scalar(cell), cell.map, frozenset(cell.absent)

    def mapped(text: str) -> Any:
        if known is None:
            return convert(text)
        if text not in known:
            raise CellError(f"{text[:_QUOTED]!r} is not among the values that the mapping names")
        value = known[text]
        return convert(value) if isinstance(value, str) else value

    def read(row: Row) -> Any:
        text = text_of(row)
        if text in absent or not given(row):
            return cell.default
        try:
            return mapped(text)
        except CellError as error:
            raise CellError(f"{name}: {error}") from None

    return read


def _record(record: Record) -> Read:
    readers = {name: compile_value(value, name) for name, value in record.fields.items()}
    needs = record.needs

    def read(row: Row) -> dict[str, Any] | None:
        fields = {name: reader(row) for name, reader in readers.items()}
        return None if needs is not None and fields[needs] is None else fields

    return read


def _items(items: Items, place: str) -> Read:
    readers = [compile_value(value, place) for value in items.values]

    def read(row: Row) -> list[Any]:
        return [item for reader in readers if (item := reader(row)) is not None]

    return read


def compile_value(value: Value, place: str = "") -> Read:
    """Return the reader of one value; it raises CellError. Items leave out what is absent. `place` names the field."""
    match value:
        case Constant(value=constant):
            return lambda _: constant
        case Cell():
            return _cell(value, place)
        case Record():
            return _record(value)
        case Items():
            return _items(value, place)
        case unreachable:
            assert_never(unreachable)
