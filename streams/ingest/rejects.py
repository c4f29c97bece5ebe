"""The file of rejects: the rejected rows behind line and reason, to be mended and imported with the same mapping."""

from __future__ import annotations

import csv
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Self

from streams.ingest.lines import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from streams.ingest.translate import Rejected

_ADDED = ("_line", "_reason")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_LOOKED_AT = 256


def require_rejects(path: Path, others: Iterable[Path]) -> None:
    """Raise FileError unless a path is free, or an earlier file of rejects and none of the import's own files."""
    if not path.is_symlink() and not path.exists():
        return
    if any(other.exists() and path.exists() and path.samefile(other) for other in others):
        raise FileError(f"{path}: is a file of this import itself; name another for the rejects")
    if path.is_symlink() or not path.is_file() or not _is_rejects(path):
        raise FileError(f"{path}: exists and is no file of rejects, so it is left alone; name another with --rejects")


def _is_rejects(path: Path) -> bool:
    """Ask a file's first bytes, in whatever encoding and with whatever delimiter it was written."""
    with path.open("rb") as file:
        beginning = file.read(_LOOKED_AT)
    for mark in _MARKS:
        beginning = beginning.removeprefix(mark)
    line, reason = (name.encode() for name in _ADDED)
    plain = beginning.replace(b"\0", b"")  # wide encodings pad these names with zeros
    return plain.startswith(line) and plain[len(line) + 1 :].startswith(reason)


def _bare(cells: Sequence[str], added: bool) -> Sequence[str]:
    return cells[len(_ADDED) :] if added else cells


class Rejects:
    """Writes rejected rows; the file is made with the first of them, for its owner's eyes alone.

    The two columns in front are none that a mapping reads, and rejects of rejects do not get them twice.
    """

    def __init__(self, path: Path, header: Sequence[str], encoding: str, delimiter: str) -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._added = tuple(name.strip() for name in header[: len(_ADDED)]) == _ADDED
        self._header, self._open = _bare(header, self._added), ExitStack()
        self._writer: Any = None
        path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, reject: Rejected) -> None:
        """Append a row; raises FileError where somebody else has made the file meanwhile."""
        if self._writer is None:
            self._begin()
        reason = reject.reason.encode(self._encoding, "backslashreplace").decode(self._encoding)
        self._writer.writerow([reject.line, reason, *_bare(reject.cells, self._added)])

    def _begin(self) -> None:
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise FileError(f"{self._path}: {error.strerror}") from None
        file = os.fdopen(handle, "w", encoding=self._encoding, errors="surrogateescape", newline="")
        self._writer = csv.writer(self._open.enter_context(file), delimiter=self._delimiter)
        self._writer.writerow([*_ADDED, *self._header])
