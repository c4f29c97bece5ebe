"""A mapping file: how the rows of one table become events. docs/import.md shows one with every feature."""

from __future__ import annotations

import re
import zoneinfo
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.encodings import require_text
from streams.ingest.loading import LoadError, load_yaml
from streams.ingest.values import Cell, Constant, Group, Items, Record, Test, Value, cells, names_in, plain

if TYPE_CHECKING:
    from pathlib import Path


COPY = "_copy"
"""Tell equal rows apart, beside the columns: 1 for the first of several, 2 for the second."""
_NUMBERS = frozenset({"number", "integer", "money"})
_WORDS = {
    "zone": frozenset({"time"}),
    "day": frozenset({"time"}),
    "decimal": _NUMBERS - {"integer"},
    "group": _NUMBERS,
}
"""Words of a cell that only some kinds of value have: elsewhere they would be read over."""
_ORDERED = frozenset({"number", "integer", "time"})
_OF_A_DAY = re.compile("%[HIMSfpzZcX]")


class MappingError(Exception):
    """The mapping itself is wrong; the message names the place in it and what to change."""


class Template(msgspec.Struct, frozen=True):
    """One event per row: its type, the columns that make its id, its fields, and which rows have it.

    With ``first``, only the first row of a group has it.
    """

    event: str
    id: tuple[str, ...]
    fields: dict[str, Value]
    where: tuple[Test, ...] = ()
    first: bool = False
    each: tuple[dict[str, str], ...] = ()


class Mapping(msgspec.Struct, frozen=True):
    """``once`` holds the events sent before the rows, such as the survey's definition; ``rows`` those of a row."""

    source: str
    once: tuple[Template, ...]
    rows: tuple[Template, ...]
    where: tuple[Test, ...] = ()
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    group: Group | None = None

    def numbers_copies(self) -> bool:
        """Say whether an event of a row reads which of several equal rows it is."""
        return any(COPY in template_columns(template) for template in self.rows)

    def columns(self) -> set[str]:
        """Return the columns that the file must have."""
        named = {test.column for test in self.where}
        for template in self.rows:
            named |= template_columns(template) - {COPY}
        if (group := self.group) is None:
            return named
        return (named - group.first.keys()) | {*group.by, *group.first.values()} | group.columns()


class _Raw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's top level as written."""

    source: str
    rows: list[dict[str, Any]]
    once: list[dict[str, Any]] = []
    where: tuple[Test, ...] = ()
    about: str = ""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    group: dict[str, Any] | None = None


class _RawTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: str
    id: tuple[str, ...]
    fields: dict[str, Any]
    where: tuple[Test, ...] = ()
    each: tuple[dict[str, str], ...] = ({},)
    first: bool = False


def template_columns(template: Template) -> set[str]:
    """Return the columns that one event of a row is made from."""
    named = set(template.id) | {test.column for test in template.where}
    for value in template.fields.values():
        for cell in cells(value):
            named |= {cell.column} if cell.column is not None else set(names_in(cell.template or ""))
    return named


def _check_words(node: dict[str, Any], cell: Cell, place: str) -> None:
    if (cell.column is None) == (cell.template is None):
        raise MappingError(f"{place}: give either column or template.")
    if strange := sorted(word for word, kinds in _WORDS.items() if word in node and cell.kind not in kinds):
        raise MappingError(f"{place}: `{strange[0]}` means nothing beside `as: {cell.kind}`.")
    if "empty" in node and cell.template is None:
        raise MappingError(f"{place}: `empty` is for a template.")
    if (cell.kind == "time") != (cell.format is not None):
        raise MappingError(f"{place}: `as: time` and `format` belong together.")
    if (cell.kind == "money") != (cell.exponent is not None):
        raise MappingError(f"{place}: `as: money` and `exponent` belong together.")
    if cell.kind != "integer" and cell.decimal == cell.group:
        raise MappingError(f"{place}: `decimal` and `group` must be two different marks.")


def _cell(node: dict[str, Any], place: str) -> Cell:
    try:
        cell = msgspec.convert(node, Cell)
    except msgspec.ValidationError as error:
        raise MappingError(f"{place}: {error}.") from None
    _check_words(node, cell, place)
    if cell.day == "end" and _OF_A_DAY.search(cell.format or "%H"):
        raise MappingError(f"{place}: `day: end` is for dates, `format` reads a time of day.")
    try:
        names_in(cell.template or "")
        zoneinfo.ZoneInfo(cell.zone)
    except ValueError:
        raise MappingError(f"{place}: a template holds texts and {{COLUMN}} only.") from None
    except (OSError, zoneinfo.ZoneInfoNotFoundError):
        raise MappingError(f"{place}: {cell.zone!r} is no IANA time zone.") from None
    return cell


def _record(node: dict[str, Any], place: str) -> Record:
    fields = {key: _value(child, f"{place}.{key}") for key, child in node.items() if key != "needs"}
    needs = node.get("needs")
    if needs is not None and needs not in fields:
        raise MappingError(f"{place}: needs names {needs!r}, which is no field beside it.")
    return Record(fields, needs)


def _value(node: Any, place: str) -> Value:
    if isinstance(node, dict):
        if not all(isinstance(key, str) for key in node):
            raise MappingError(f"{place}: put its keys in quotes, YAML reads some of them as something else.")
        return _cell(node, place) if node.keys() & {"column", "template"} else _record(node, place)
    if isinstance(node, list):
        return Items(tuple(_value(child, f"{place}[{at}]") for at, child in enumerate(node)))
    if node is None or isinstance(node, str | int | float):
        return Constant(node)
    raise MappingError(f"{place}: {node!r} is read by YAML as a {type(node).__name__}; put it in quotes.")


def _template(node: Any, place: str, *, once: bool) -> Template:
    try:
        raw = msgspec.convert(node, _RawTemplate)
    except msgspec.ValidationError as error:
        raise MappingError(f"{place}: {error}.") from None
    fields = {name: _value(value, f"{place}.{name}") for name, value in raw.fields.items()}
    if not once and raw.each != ({},):
        raise MappingError(f"{place}: `each` is for events sent once.")
    template = Template(raw.event, raw.id, fields, raw.where, first=raw.first, each=raw.each if once else ())
    _check(template, place, once=once)
    return template


def _check(template: Template, place: str, *, once: bool) -> None:
    for name in ("account_id", "occurred_at"):
        if name not in template.fields:
            raise MappingError(f"{place}: every event needs {name}.")
    if "event_id" in template.fields or "source" in template.fields:
        raise MappingError(f"{place}: event_id is made from `id`, source stands at the top.")
    if not template.id and not once:
        raise MappingError(f"{place}: `id` must name the columns that tell one row's event from another's.")
    for row in template.each:
        if missing := template_columns(template) - row.keys():
            raise MappingError(f"{place}: `each` gives no {', '.join(sorted(missing))}.")


def _tests(tests: tuple[Test, ...], place: str) -> None:
    for test in tests:
        if (test.only is None) == (test.never is None):
            raise MappingError(f"{place}: the filter on {test.column} needs either only or never.")


def _group(node: dict[str, Any] | None) -> Group | None:
    """Read the top's `group`, its `order` like any other cell."""
    if node is None:
        return None
    try:
        group = msgspec.convert({**node, "order": _value(node.get("order"), "group.order")}, Group)
    except msgspec.ValidationError as error:
        raise MappingError(f"group: {error}.") from None
    if not group.by:
        raise MappingError("group: `by` must name the columns that rows of one group have in common.")
    if group.order.kind not in _ORDERED or group.order.map or group.order.default is not None:
        raise MappingError("group.order: a number, an integer or a time, neither mapped nor with a default.")
    return group


def parse(text: str) -> Mapping:
    """Read a mapping from YAML; raises MappingError, whose message is meant for the mapping's author."""
    try:
        raw = msgspec.convert(plain(load_yaml(text)), _Raw)
        require_text(raw.encoding)
    except (LoadError, LookupError, msgspec.ValidationError) as error:
        raise MappingError(f"{error}.") from None
    if not raw.rows:
        raise MappingError("rows: name at least one event.")
    if len(raw.delimiter) != 1 or raw.delimiter in '"\r\n\0\ufeff ':
        raise MappingError("delimiter: one character. No quote, blank or end of a line.")
    once = tuple(_template(node, f"once[{at}]", once=True) for at, node in enumerate(raw.once))
    rows = tuple(_template(node, f"rows[{at}]", once=False) for at, node in enumerate(raw.rows))
    for tests in (raw.where, *(template.where for template in (*once, *rows))):
        _tests(tests, "where")
    group = _group(raw.group)
    if any(template.first for template in (once if group else (*once, *rows))):
        raise MappingError("`first` is for events of rows, and needs a `group` at the top.")
    return Mapping(raw.source, once, rows, raw.where, raw.encoding, raw.delimiter, group)


def load(path: Path) -> Mapping:
    """Read a mapping file; raises MappingError, its message led by the file's name."""
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, MappingError) as error:
        raise MappingError(f"{path}: {error}") from None
