"""Note what a file says of each event id, before anything of it is sent: memory stays small, whatever the file's size.

The standard library's SQLite keeps it in temporary files that no other process sees and that end with the connection.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import blake2b
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_CACHE_KIB = 16 << 10
_AT_ONCE = 1_000
_COMPARE = (
    "CREATE INDEX by_id ON made (id, line, content)",
    "INSERT INTO torn SELECT id FROM made GROUP BY id HAVING min(content) <> max(content)",
)
_REPEATED = """
    SELECT max(first) FROM (
        SELECT min(line) AS first FROM made WHERE line > 0 AND id IN (SELECT id FROM made WHERE line = ?) GROUP BY id)
"""
_IN_ORDER = """
    SELECT made.id, content, line, torn.id IS NOT NULL
    FROM made LEFT JOIN torn ON torn.id = made.id ORDER BY made.id, line
"""


def _database(*statements: str) -> sqlite3.Connection:
    database = sqlite3.connect("", isolation_level=None)  # a temporary file of its own
    settings = (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE")
    for statement in (*(f"PRAGMA {setting}" for setting in settings), *statements):
        database.execute(statement).close()
    return database


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=16).digest()


class _Marks:
    """A set of line numbers, one bit each."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(max(place + 1 - len(self._bits), 1024)))
        self._bits[place] |= 1 << (number & 7)

    def missing(self, others: _Marks) -> tuple[int, int]:
        """Return how many numbers are here and not there, and the first of them."""
        count, first = 0, 0
        for place, bits in enumerate(self._bits):
            left = bits & ~(others._bits[place] if place < len(others._bits) else 0)
            if left:
                first = first or (place << 3) + (left & -left).bit_length() - 1
                count += left.bit_count()
        return count, first


class Seen:
    """Ids and contents of a file's events: take them all in with `add`, then `settle`, then ask.

    `merged` is how many rows only repeat what earlier rows make, `example` the first of them and the earlier one.
    """

    def __init__(self) -> None:
        self._database = _database(
            "CREATE TABLE made (id BLOB, content BLOB, line INTEGER)",
            "CREATE TABLE torn (id BLOB PRIMARY KEY) WITHOUT ROWID",
            "CREATE TABLE clash (id BLOB PRIMARY KEY, first INTEGER, other INTEGER) WITHOUT ROWID",
        )
        self._waiting: list[tuple[bytes, bytes, int]] = []
        self._clashes = False
        self.merged = 0
        self.example = (0, 0)

    def close(self) -> None:
        self._database.close()

    def add(self, event_id: str, content: bytes, line: int) -> None:
        """Take in an event of the row that begins at a line; 0 is that of events sent once."""
        self._waiting.append((UUID(event_id).bytes, _digest(content), line))
        if len(self._waiting) >= _AT_ONCE:
            self._write("made", self._waiting)

    def settle(self) -> None:
        """Compare all that was taken in."""
        self._write("made", self._waiting)
        for statement in _COMPARE:
            self._database.execute(statement).close()
        every, leading = _Marks(), _Marks()
        clashes: list[tuple[bytes, int, int]] = []
        with closing(self._database.execute(_IN_ORDER)) as rows:
            for event_id, found in groupby(rows, lambda row: row[0]):
                first, other = self._lines(found, every, leading)
                if other is not None:
                    clashes.append((event_id, first, other))
                if len(clashes) >= _AT_ONCE:
                    self._write("clash", clashes)
        self._write("clash", clashes)
        self.merged, line = every.missing(leading)
        self.example = (line, self._earlier(line))

    def clash(self, event_id: str, line: int) -> str:
        """Return why the event of a line cannot be sent under its id; nothing where it can."""
        if not self._clashes:
            return ""
        query = "SELECT first, other FROM clash WHERE id = ?"
        with closing(self._database.execute(query, (UUID(event_id).bytes,))) as rows:
            found = rows.fetchone()
        if found is None:
            return ""
        first, other = found
        if first == other:
            return "the mapping makes two different events of one id from it"
        return f"line {other if line == first else first} makes another event under the same id"

    @staticmethod
    def _lines(
        found: Iterable[tuple[bytes, bytes, int, int]], every: _Marks, leading: _Marks
    ) -> tuple[int, int | None]:
        """Return the first line of one id's events, and the first that says otherwise; mark what only repeats."""
        first, content, other = -1, b"", None
        for _, says, line, torn in found:
            if first < 0:
                first, content = line, says
            if says != content and other is None:
                other = line
            if line:
                every.add(line)
                if torn or line == first:
                    leading.add(line)
        return first, other

    def _earlier(self, line: int) -> int:
        if not line:
            return 0
        query = _REPEATED
        with closing(self._database.execute(query, (line,))) as rows:
            return int(rows.fetchone()[0])

    def _write(self, table: str, rows: list[tuple[bytes, bytes, int]] | list[tuple[bytes, int, int]]) -> None:
        self._clashes |= table == "clash" and bool(rows)
        self._database.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows).close()  # noqa: S608 - ours
        rows.clear()


class Copies:
    """Numbers rows of equal cells, from 1 on: which of them has which number says nothing, so their order does not."""

    def __init__(self) -> None:
        self._database = _database("CREATE TABLE copy (row BLOB PRIMARY KEY, count INTEGER) WITHOUT ROWID")

    def close(self) -> None:
        self._database.close()

    def number(self, row: Mapping[str, str]) -> int:
        """Return how many rows of these cells came by now, this one included."""
        content = b"".join(len(cell).to_bytes(4) + cell for cell in map(str.encode, row.values()))
        statement = "INSERT INTO copy VALUES (?, 1) ON CONFLICT (row) DO UPDATE SET count = count + 1 RETURNING count"
        with closing(self._database.execute(statement, (_digest(content),))) as rows:
            return int(rows.fetchone()[0])
