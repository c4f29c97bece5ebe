"""CSV files, plain or gzipped, as (line number, cells): what cannot be read is reported, never skipped."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_GZIP = b"\x1f\x8b"


class FileError(Exception):  # the file is at fault
    """The file cannot be read (on); the message says why and from which line."""


class Line(msgspec.Struct, frozen=True):
    """One record of the file; ``problem`` says why its cells cannot be trusted, and is empty otherwise."""

    number: int
    cells: list[str]
    problem: str = ""


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open(path: Path, encoding: str) -> IO[str]:
    with path.open("rb") as raw:
        squeezed = raw.read(len(_GZIP)) == _GZIP
    opener: Callable[[Path], IO[bytes]] = gzip.open if squeezed else _open_plain  # type: ignore[assignment]
    # Bytes of another encoding survive as lone surrogates: they are found below and written back unchanged.
    return io.TextIOWrapper(opener(path), encoding=encoding, errors="surrogateescape", newline="")


def _problem(cells: list[str], encoding: str) -> str:
    for cell in cells:
        if any("\udc80" <= letter <= "\udcff" for letter in cell):
            return f"holds bytes that are not {encoding}"
    return ""


def read(path: Path, *, encoding: str = "utf-8-sig", delimiter: str = ",") -> Iterator[Line]:
    """Yield the records, the header first; raises FileError for a missing, cut or unknown kind of file.

    A record that breaks the format, such as a quote that is never closed, comes out as one Line whose problem
    names the lines that it swallowed.
    """
    try:
        with _open(path, encoding) as file:
            yield from _records(file, encoding, delimiter)
    except (OSError, EOFError, LookupError, zlib.error) as error:
        raise FileError(f"{path}: {error}") from None


def _records(file: IO[str], encoding: str, delimiter: str) -> Iterator[Line]:
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    done = False
    while not done:
        start = rows.line_num + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            span = f"line {start}" if rows.line_num <= start else f"lines {start} to {rows.line_num}"
            yield Line(start, [], f"{span}: {error}")
            continue
        if cells is None:
            done = True
        elif cells:  # an empty line is no record
            yield Line(start, cells, _problem(cells, encoding))
