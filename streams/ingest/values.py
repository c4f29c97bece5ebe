"""Describe one value of an event, as a mapping may: where it comes from and how it is read.

A value is a constant, a :class:`Cell` read from the row, a :class:`Record` of further values, or :class:`Items`.
"""

from __future__ import annotations

import string
from typing import Annotated, Any, Literal

import msgspec

Scalar = str | int | float | bool | None


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A value read from the row: one column, or a template that puts several together.

    ``absent`` lists the texts that mean "nothing was given"; they become ``default``. ``map`` translates texts and
    refuses those it does not name. ``format`` (strptime's) and ``zone`` (IANA) read times that name no offset; ``day``
    says which end of its day a date means. ``exponent`` is the number of decimal places of money's minor unit,
    ``decimal`` and ``group`` are the marks within digits, of numbers too. ``empty`` says what a template becomes
    of which a column is empty: rejected, ``absent``, or the text without it.
    """

    column: str | None = None
    template: str | None = None
    kind: Literal["text", "number", "integer", "boolean", "time", "money"] = msgspec.field(default="text", name="as")
    map: dict[str, Scalar] | None = None
    absent: tuple[str, ...] = ("",)
    default: Scalar = None
    format: str | None = None
    zone: str = "UTC"
    day: Literal["start", "end"] = "start"
    exponent: Annotated[int, msgspec.Meta(ge=0, le=6)] | None = None
    decimal: Annotated[str, msgspec.Meta(pattern="^[^0-9+-]$")] = "."
    group: Annotated[str, msgspec.Meta(pattern="^[^0-9+-]?$")] = ""
    empty: Literal["reject", "absent", "keep"] = "reject"


class Constant(msgspec.Struct, frozen=True):
    value: Scalar


class Record(msgspec.Struct, frozen=True):
    """Named values; ``needs`` names the one without which a list leaves the whole record out."""

    fields: dict[str, Value]
    needs: str | None = None


class Items(msgspec.Struct, frozen=True):
    values: tuple[Value, ...]


Value = Constant | Cell | Record | Items


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A filter on one column: exactly one of the two lists is given, compared as text."""

    __test__ = False  # pytest would take the name for a suite

    column: str
    only: tuple[str, ...] | None = None
    never: tuple[str, ...] | None = None


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rows that belong together by the columns ``by``, in the order of a cell that is a number or a time.

    ``first`` names columns of the group's first row anew, for every row of the group to read.
    """

    by: tuple[str, ...]
    order: Cell
    first: dict[str, str] = {}

    def columns(self) -> set[str]:
        """Return the columns that the order is read from."""
        return {self.order.column} if self.order.column is not None else set(names_in(self.order.template or ""))


def names_in(template: str) -> list[str]:
    """Return the columns that a template names in braces; raises ValueError for any other use of braces."""
    names = []
    for _, name, spec, conversion in string.Formatter().parse(template):
        if name is None:
            continue
        if not name or spec or conversion:
            raise ValueError(template)
        names.append(name)
    return names


def children(value: Value) -> tuple[Value, ...]:
    """Return the values directly inside a value."""
    match value:
        case Record(fields=fields):
            return tuple(fields.values())
        case Items(values=values):
            return values
        case _:
            return ()


def cells(value: Value) -> list[Cell]:
    """Return every cell that a value is read from."""
    if isinstance(value, Cell):
        return [value]
    return [cell for child in children(value) for cell in cells(child)]


def plain(node: Any) -> Any:
    """Turn YAML's whole-number keys into the texts that a file holds; other keys are left for the check."""
    if isinstance(node, dict):
        return {str(key) if type(key) is int else key: plain(value) for key, value in node.items()}
    return [plain(item) for item in node] if isinstance(node, list) else node
