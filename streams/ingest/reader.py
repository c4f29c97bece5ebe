"""CSV files, plain or gzipped, as (line number, cells): what cannot be read is reported, never skipped."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import msgspec

from streams.ingest.lines import FileError, Lines, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FileError", "Line", "read"]

_REASONS = {
    "unexpected end of data": "a quote is opened and never closed",
    "expected after": "a quote is closed within a cell",
    "field larger than field limit": f"a cell has more than {csv.field_size_limit():,} characters",
}


class Line(msgspec.Struct, frozen=True):
    """One record of the file; ``problem`` says why its cells cannot be trusted, and is empty otherwise."""

    number: int
    cells: list[str]
    problem: str = ""


def _problem(cells: list[str], encoding: str) -> str:
    for cell in cells:
        if cell.isascii():
            if "\0" in cell:
                return "holds a NUL character"
        elif any("\udc80" <= letter <= "\udcff" for letter in cell):
            return f"holds bytes that are not {encoding}"
    return ""


def read(path: Path, *, encoding: str = "utf-8-sig", delimiter: str = ",") -> Iterator[Line]:
    """Yield the records, the header first; raises FileError for a missing, cut or unknown kind of file.

    A record that breaks the format, such as a quote that is never closed, comes out as one Line for its first line
    alone, whose cells are the text between delimiters; what it seemed to swallow is read anew from the next line on.
    """
    with opened(path, encoding) as lines:
        yield from _records(lines, encoding, delimiter)


def _records(lines: Lines, encoding: str, delimiter: str) -> Iterator[Line]:
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    while True:
        lines.begin()
        start = lines.number + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield _broken(lines, start, delimiter, _reason(str(error), len(lines.taken)))
            continue
        if cells is None:
            return
        if width and len(lines.taken) > 1 and len(cells) != width:
            yield _broken(lines, start, delimiter, "a quote is opened and not closed where its cell ends")
        elif cells:  # an empty line is no record
            width = width or len(cells)
            yield Line(start, cells, _problem(cells, encoding))


def _reason(error: str, lines: int) -> str:
    if lines > 1:
        return "a quote is opened and not closed where its cell ends"
    return next((words for part, words in _REASONS.items() if part in error), error)


def _broken(lines: Lines, start: int, delimiter: str, reason: str) -> Line:
    """Give up the record's first line alone, as it stands: its quotes are no quotes any more."""
    return Line(start, lines.back_to_second().rstrip("\r\n").split(delimiter), f"line {start}: {reason}")
