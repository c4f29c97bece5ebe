"""Render the answers of ClickHouse with every digit: as a table where it fits, and row below row where not."""

from __future__ import annotations

import os
import struct
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from infra.cli import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NUMBERS = (int, float, Decimal)
_ENDLESS = 1 << 20
_SINGLE_DIGITS = 9
"""Digits that always tell one number of 32 bits from the next."""


def text(value: Any) -> str:
    """Return a value in ClickHouse's own way: NULL, no zeros behind a decimal, the shortest text of a float."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple, dict)):
        return _nested(value)
    return _number(value) if isinstance(value, _NUMBERS) else visible(str(value))


def _number(value: float | Decimal) -> str:
    if isinstance(value, Decimal):
        whole = f"{value:f}"
        return whole.rstrip("0").rstrip(".") if "." in whole else whole
    return repr(value).removesuffix(".0").replace("e+", "e")


def _nested(value: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(key)}: {_quoted(item)}" for key, item in value.items()) + "}"
    items = ", ".join(map(_quoted, value))
    return f"[{items}]" if isinstance(value, list) else f"({items})"


def _quoted(value: Any) -> str:
    written = text(value)
    return written if value is None or isinstance(value, (*_NUMBERS, list, tuple, dict)) else f"'{written}'"


def visible(written: str) -> str:
    """Spell out what a terminal would obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in written)


def singles(found: Sequence[Sequence[Any]], types: Sequence[str]) -> list[list[Any]]:
    """Return rows whose numbers of 32 bits have their own digits: the driver hands on 0.1 as 0.10000000149011612."""
    short = ["Float32" in each for each in types]
    return [[_single(value) if cut else value for value, cut in zip(row, short, strict=True)] for row in found]


def _single(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_single, value))
    if not isinstance(value, float) or value - value != 0:
        return value
    written = (float(f"{value:.{digits}g}") for digits in range(1, _SINGLE_DIGITS + 1))
    return next((each for each in written if _bits(each) == _bits(value)), value)


def _bits(value: float) -> bytes:
    try:
        return struct.pack("f", value)
    except OverflowError:
        return b""


def width() -> int:
    """Return the columns of the terminal; what is piped is as wide as it takes."""
    return output.out.width if output.out.is_terminal or "COLUMNS" in os.environ else _ENDLESS


def show(columns: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
    """Print rows for people: a table, or one value a line where a terminal is too narrow for it."""
    rows = [[Text(text(value)) for value in row] for row in found]
    right = [all(isinstance(row[at], (*_NUMBERS, type(None))) for row in found) for at in range(len(columns))]
    table = output.table([visible(name) for name in columns], rows, right)
    wide = Console(width=_ENDLESS).measure(table).maximum
    if wide <= width():
        Console(width=wide, soft_wrap=True).print(table)
    else:
        for line in _vertical([visible(name) for name in columns], rows):
            output.out.print(line, markup=False, highlight=False)


def _vertical(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Iterator[str]:
    if not rows:
        yield "no rows"
    widest = max(map(len, columns)) + 1
    for number, row in enumerate(rows, 1):
        yield f"row {number}"
        for name, value in zip(columns, row, strict=True):
            yield f"  {name + ':':<{widest}} {value.plain}".rstrip()
