"""Find the row of a group that comes first: the whole file is read once before any row is translated.

A table of happenings does not say which of them began it all; that is the earliest row, wherever it stands in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from streams.ingest.cells import Read, Row, compile_value
from streams.ingest.scalars import CellError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from streams.ingest.values import Group

Order = tuple[Any, tuple[str, ...]]
Place = tuple[str, ...]


class Firsts:
    """First rows by group; of rows at the same time the one whose cells sort first, so the file's order says nothing.

    Holds one row for each group: the memory goes with the groups and not with the file.
    """

    def __init__(self, group: Group) -> None:
        self._group = group
        self._order: Read = compile_value(group.order, "the order of a group")
        self._kept: dict[Place, tuple[Order, Row]] = {}

    def scan(self, rows: Iterable[Row]) -> Firsts:
        """Take rows in; those without a place in time are left out, translation rejects them."""
        for row in rows:
            try:
                order = self._rank(row)
            except CellError:
                continue
            place = self._place(row)
            if (kept := self._kept.get(place)) is None or order < kept[0]:
                self._kept[place] = order, row
        return self

    def seen_by(self, row: Row) -> tuple[Mapping[str, str], bool]:
        """Return the row with what its group's first row lends it, and whether it is that row; raises CellError."""
        order = self._rank(row)
        first_order, first = self._kept[self._place(row)]
        return {**row, **{name: first[column] for name, column in self._group.first.items()}}, order == first_order

    def _place(self, row: Row) -> Place:
        return tuple(row[column] for column in self._group.by)

    def _rank(self, row: Row) -> Order:
        moment = self._order(row)
        if moment is None:
            raise CellError(f"{', '.join(self._group.columns())}: empty, but it orders the rows of a group")
        return moment, tuple(row.values())
