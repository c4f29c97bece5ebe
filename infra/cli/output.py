"""Print for commands: sentences and tables for people, JSON or CSV where a machine reads."""

from __future__ import annotations

import csv
import datetime as dt
import enum
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table

from infra.printable import harmless, in_json


class Harmless(Console):
    """A console on which text cannot act: names and words in it come from whoever sends events.

    Every piece of text passes here on its way to the terminal, whatever it was made of.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else harmless(text), style, control)


out = Harmless(soft_wrap=True)
err = Harmless(stderr=True, soft_wrap=True)


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Format(enum.StrEnum):
    """Name the form of an answer. A spreadsheet computes cells of CSV that begin like a formula, whoever wrote them."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    SPREADSHEET = "spreadsheet"


class Machine(enum.StrEnum):
    """Name the form of an answer that has no rows."""

    TEXT = "text"
    JSON = "json"


RowFormat = Annotated[
    Format,
    typer.Option("--format", help="table for people; json, csv for machines; spreadsheet: csv, no formulas."),
]
TextFormat = Annotated[Machine, typer.Option("--format", help="text for people, json for machines.")]


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: times as ISO 8601, exact numbers as text, none for what is no number."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"  # str() writes 0.000000 as 0E-6
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def machine(value: Any) -> None:
    """Print one JSON document."""
    sys.stdout.write(in_json(json.dumps(plain(value), ensure_ascii=False)) + "\n")


def inert(value: Any) -> Any:
    """Return a value as `plain` does; a text that a spreadsheet would compute stands behind an apostrophe."""
    said = plain(value)
    return f"'{said}" if isinstance(value, str) and value.startswith(_FORMULAS) else said


def cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return "" if value is None else escape(harmless(str(value)))


def table(columns: Sequence[str], rows: Iterable[Sequence[RenderableType]], right: Sequence[bool]) -> Table:
    """Return a table of ready cells; a column stands to the right where ``right`` says so."""
    made = Table(header_style="bold")
    for column, numeric in zip(columns, right, strict=True):
        made.add_column(escape(column), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


def grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; numbers stand to the right."""
    kept = list(rows)
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for at, column in enumerate(columns):
        numeric = all(isinstance(row[at], int | float | None) for row in kept)
        table.add_column(escape(column), justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        table.add_row(*map(cell, row))
    return table


class _Written(list[str]):
    """Collect what is written to it."""

    write = list.append


def _csv(found: Iterable[Sequence[Any]]) -> str:
    r"""Return rows as CSV whose lines end in \n, as programs that read a pipe take it.

    The writer is left its own ends of lines: with others it would not put a cell that holds \r into quotes.
    """
    lines = _Written()
    csv.writer(lines).writerows(found)
    return "".join(line.removesuffix("\r\n") + "\n" for line in lines)


def rows(form: Format, columns: Sequence[str], found: Sequence[Sequence[Any]], title: str = "") -> None:
    """Print rows: a table, a JSON list of objects, or CSV with a header."""
    if form is Format.JSON:
        machine([dict(zip(columns, row, strict=True)) for row in found])
    elif form in (Format.CSV, Format.SPREADSHEET):
        shown = inert if form is Format.SPREADSHEET else plain
        text = _csv([columns, *([shown(value) for value in row] for row in found)])
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
    else:
        out.print(grid(title, columns, found))


def say(text: str) -> None:
    """Print a sentence of progress where people read and machines do not."""
    err.print(escape(text), highlight=False)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Yield what tells the step under way: beside a spinner on a terminal, a line each where output is piped."""
    if not err.is_terminal:
        yield say
        return
    with err.status("starting") as spinner:
        yield lambda text: spinner.update(escape(text))


def fail(text: str) -> NoReturn:
    """Print why the command cannot go on, and end with exit status 1."""
    for line in text.splitlines():
        err.print(f"[bold red]cx:[/bold red] {escape(line)}", highlight=False)
    raise typer.Exit(1)
