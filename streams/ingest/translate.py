"""Rows to events, purely: every row comes out as events, as filtered by the mapping, or rejected with a reason."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from streams.ingest.cells import Row, compile_value
from streams.ingest.formats import no_table
from streams.ingest.mapping import COPY
from streams.ingest.scalars import CellError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from streams.ingest.groups import Firsts
    from streams.ingest.mapping import Mapping, Template
    from streams.ingest.seen import Copies
    from streams.ingest.values import Test

# Ids of imported events live in a name space of their own; changing it would import everything a second time.
_SHOWN = 10
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://cxledger.dev/import")


class Event(msgspec.Struct, frozen=True):
    """An event of ``type`` with its fields, ``event_id`` and ``source`` included; times are UTC microseconds."""

    type: str
    fields: dict[str, Any]


class Translated(msgspec.Struct, frozen=True):
    """The events of the row that began at ``line`` (1 is the file's first line; 0: sent once, of no row)."""

    line: int
    events: tuple[Event, ...]
    cells: tuple[str, ...] = ()


class Filtered(msgspec.Struct, frozen=True):
    """The mapping's own filters left this row out."""

    line: int


class Rejected(msgspec.Struct, frozen=True):
    """This row makes no events; ``reason`` is a clause that says what is wrong with it."""

    line: int
    reason: str
    cells: tuple[str, ...]


Outcome = Translated | Filtered | Rejected


def event_id(source: str, event: str, parts: list[str]) -> str:
    """Return the id of the event that these texts identify: the same on every import, whatever the row order."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([source, event, *parts], ensure_ascii=False)))


def _passes(tests: tuple[Test, ...], row: Row) -> bool:
    return all(
        row[test.column] in test.only if test.only is not None else row[test.column] not in (test.never or ())
        for test in tests
    )


def _compile(source: str, template: Template) -> Callable[[Row], Event | None]:
    readers = {name: compile_value(value, name) for name, value in template.fields.items()}

    def build(row: Row) -> Event | None:
        if not _passes(template.where, row):
            return None
        if empty := [column for column in template.id if not row[column]]:
            raise CellError(f"{', '.join(empty)}: empty, but the event's id is made from it")
        fields = {name: reader(row) for name, reader in readers.items()}
        for name in ("account_id", "occurred_at"):
            if fields[name] is None:
                raise CellError(f"{name}: the row gives none")
        identity = event_id(source, template.event, [row[column] for column in template.id])
        return Event(template.event, {**fields, "event_id": identity, "source": source})

    return build


class Translator:
    """The mapping's rules over a file's header; raises ValueError where the two do not fit together.

    A mapping with a group is told the first rows of all groups before it translates one.
    """

    def __init__(
        self, mapping: Mapping, header: list[str], firsts: Firsts | None = None, copies: Copies | None = None
    ) -> None:
        self._mapping, self._firsts, self._copies = mapping, firsts, copies
        self._header = [name.strip() for name in header]
        self._builders = [(template.first, _compile(mapping.source, template)) for template in mapping.rows]
        if taken := mapping.group and sorted(mapping.group.first.keys() & set(self._header)):
            raise ValueError(f"the mapping's group calls something {taken[0]!r}, which is a column of the file")
        if COPY in self._header and mapping.numbers_copies():
            raise ValueError(f"the mapping reads {COPY!r}, which is a column of the file and so no number of a copy")
        self._require(mapping.columns())

    def _require(self, needed: set[str]) -> None:
        """Raise ValueError for columns that are not there, or more than once."""
        lacking = sorted(needed - set(self._header))
        if lacking:
            instead = no_table(self._header, needed, self._mapping.delimiter)
            names = ", ".join(repr(name) for name in lacking[:_SHOWN])
            raise ValueError(f"the mapping reads column {names}, which the file does not have: {instead}")
        for column in sorted(needed):
            if (times := self._header.count(column)) != 1:
                raise ValueError(f"the mapping reads column {column!r}, which the file has {times} times")

    def named(self, cells: list[str]) -> Row | None:
        """Return the cells by column, without the blanks around them; None for too few, too many or filtered ones."""
        if len(cells) != len(self._header):
            return None
        row = {name: cell.strip() for name, cell in zip(self._header, cells, strict=True)}
        return row if _passes(self._mapping.where, row) else None

    def row(self, line: int, cells: list[str]) -> Outcome:
        """Translate one row."""
        kept = tuple(cells)
        if len(cells) != len(self._header):
            return Rejected(line, f"{len(cells)} cells under {len(self._header)} columns", kept)
        if (row := self.named(cells)) is None:
            return Filtered(line)
        try:
            built = self._events(row)
        except CellError as error:
            return Rejected(line, str(error), kept)
        return Translated(line, built, kept) if built else Filtered(line)

    def _events(self, row: Row) -> tuple[Event, ...]:
        seen, is_first = self._firsts.seen_by(row) if self._firsts is not None else (row, False)
        if self._copies is not None:
            seen = {**seen, COPY: str(self._copies.number(row))}
        made = (build(seen) for first, build in self._builders if is_first or not first)
        return tuple(event for event in made if event is not None)


def once(mapping: Mapping) -> Iterator[Translated]:
    """Yield the events that the mapping sends once; raises ValueError where their constants cannot be read."""
    for template in mapping.once:
        build = _compile(mapping.source, template)
        for row in template.each:
            try:
                event = build(row)
            except CellError as error:
                raise ValueError(f"once: {error}") from None
            if event is not None:
                yield Translated(0, (event,))
