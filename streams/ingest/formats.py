"""Recognise a file that cannot be read as the table that a mapping expects, and say what to do instead."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

LOOKED_AT = 512
_EXCEL = "an Excel workbook: save the sheet as CSV"
_OF_ZIP = (
    ("xl/", _EXCEL),
    ("word/", "a Word document"),
    ("ppt/", "a presentation"),
    ("mimetype", "an OpenDocument file: save the sheet as CSV"),
)
_BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (or another OLE file): save the sheet as CSV"),
    (b"PAR1", "a Parquet file: write it as CSV"),
    (b"ORC", "an ORC file: write it as CSV"),
    (b"Obj\x01", "an Avro file: write it as CSV"),
    (b"ARROW1", "an Arrow file: write it as CSV"),
    (b"SQLite format 3\0", "an SQLite database: export the table as CSV"),
    (b"%PDF", "a PDF document"),
    (b"BZh", "compressed with bzip2: gzip alone is read"),
    (b"\xfd7zXZ\0", "compressed with xz: gzip alone is read"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: gzip alone is read"),
    (b"\x04\x22\x4d\x18", "compressed with lz4: gzip alone is read"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"\x1f\x8b", "compressed with gzip twice: unpack it once"),
    (b"\x89HDF", "an HDF5 file: write it as CSV"),
    (b"\x7fELF", "a program"),
)
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_DELIMITERS = (",", ";", "\t", "|", ":")
_SHOWN = 30


def other_format(path: Path, beginning: bytes) -> str:
    """Return what a file is by its first bytes, unpacked, with what to do; nothing where it may be a table."""
    if beginning.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if beginning[257:262] == b"ustar":
        return "a tar archive: unpack it"
    return next((words for mark, words in _BEGINNINGS if beginning.startswith(mark)), "")


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        names = []
    found = (words for start, words in _OF_ZIP if any(name.startswith(start) for name in names))
    return next(found, "a zip archive: unpack it")


def other_encoding(beginning: bytes, encoding: str) -> str:
    """Return the encoding that the first bytes speak for; nothing where they do not contradict the mapping's."""
    wide = encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))
    marked = next((name for mark, name in _MARKS if beginning.startswith(mark)), "")
    if marked and not wide:
        return marked
    if wide or b"\0" not in beginning:
        return ""
    even, odd = beginning[0::2].count(0), beginning[1::2].count(0)
    if max(even, odd) * 4 < len(beginning):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def no_table(header: Sequence[str], needed: AbstractSet[str], delimiter: str) -> str:
    """Say what a header without the needed columns holds, and what the file rather is."""
    raw = delimiter.join(header)
    start = raw.lstrip()
    for delimiting in _DELIMITERS:
        names = {name.strip().strip('"') for name in raw.split(delimiting)}
        if delimiting != delimiter and needed <= names:
            return f"its columns are delimited by {_named(delimiting)}: say `delimiter: {_quoted(delimiting)}`"
    if start.startswith(("{", "[")):
        return "it looks like JSON: write it as CSV, or send events with `cx emit`"
    if start.startswith("<"):
        return "it looks like HTML or XML: write it as CSV"
    listed = ", ".join(repr(name) for name in header[:_SHOWN])
    more = f" and {len(header) - _SHOWN} more" if len(header) > _SHOWN else ""
    likely = max(_DELIMITERS, key=raw.count)
    hint = ""
    if len(header) == 1 and likely != delimiter and raw.count(likely):
        hint = f"; {_named(likely)} stands in it {raw.count(likely)} times: say `delimiter: {_quoted(likely)}`?"
    return f"it has {listed}{more}{hint}"


def _named(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else repr(delimiter)


def _quoted(delimiter: str) -> str:
    return '"\\t"' if delimiter == "\t" else f'"{delimiter}"'
