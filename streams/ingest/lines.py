"""The physical lines of a file, plain or gzipped, one at a time and none of them without end."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from streams.ingest import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_GZIP = b"\x1f\x8b"
MOST_CHARACTERS = 4 << 20
"""Of a line: an event has at most 1 MiB, so that no row of a table is as long."""


class FileError(Exception):  # the file is at fault
    """The file cannot be read (on); the message says why and from which line."""


def _open_plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _open(path: Path, encoding: str) -> IO[str]:
    with path.open("rb") as raw:
        squeezed = raw.read(len(_GZIP)) == _GZIP
    opener: Callable[[Path], IO[bytes]] = gzip.open if squeezed else _open_plain  # type: ignore[assignment]
    with opener(path) as file:
        beginning = file.read(formats.LOOKED_AT)
    if found := formats.other_format(path, beginning):
        raise FileError(f"{path}: is no CSV file but {found}")
    if found := formats.other_encoding(beginning, encoding):
        raise FileError(f"{path}: is written in {found}: say `encoding: {found}` in the mapping")
    # Bytes of another encoding survive as lone surrogates: they are found below and written back unchanged.
    return io.TextIOWrapper(opener(path), encoding=encoding, errors="surrogateescape", newline="")


class Lines:
    """An iterator over lines with their ends, of which those since `begin` can be read again from the second on.

    `number` is that of the line read last, 1 for the first.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(MOST_CHARACTERS)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == MOST_CHARACTERS and line[-1] not in "\r\n":
            raise FileError(f"a line of more than {MOST_CHARACTERS:,} characters is no row of a table")
        if self.number == 1:
            line = line.removeprefix("\ufeff")
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Forget the lines taken so far."""
        self.taken.clear()

    def back_to_second(self) -> str:
        """Return the first line taken, and read those behind it again."""
        first, *others = self.taken
        self._again.extendleft(reversed(others))
        self.number -= len(others)
        self.taken = [first]
        return first


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[Lines]:
    """Open a file for the length of a block; raises FileError for whatever stops reading, with the line before it."""
    lines: Lines | None = None
    try:
        with _open(path, encoding) as file:
            lines = Lines(file)
            yield lines
    except FileError as error:
        if lines is None:
            raise
        raise FileError(f"{path}, line {lines.number}: {error}") from None
    except UnicodeError:
        raise FileError(f"{path}: holds bytes that are not {encoding}{_behind(lines)}") from None
    except (OSError, EOFError, LookupError, zlib.error) as error:
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FileError(f"{path}: {words}{_behind(lines)}") from None


def _behind(lines: Lines | None) -> str:
    return f", behind line {lines.number}" if lines is not None and lines.number else ""
