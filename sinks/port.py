"""The sink port: where complete rows go, and what may go wrong there."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

RowTuple = tuple[Any, ...]
"""A row struct's fields in order, then version (0 to 2**64-1) and is_deleted (0 or 1)."""

Rows = Mapping[str, Sequence[RowTuple]]
"""Rows by table name."""


class SinkError(Exception):
    """Rows were not acknowledged. Any part of them may have been written; writing them again is harmless."""


class SinkUnavailable(SinkError):  # noqa: N818 - named for the remedy
    """The sink cannot take rows now. Remedy: insert the same rows again, for as long as it takes."""


class SinkRefused(SinkError):  # noqa: N818 - named for the remedy
    """The sink will never take these rows. Remedy: stop; the schema or the code that made the rows is wrong.

    ``table`` and, where they could be found, ``column`` and ``row`` (index within the table's rows) say where.
    """

    def __init__(self, reason: str, *, table: str, column: str | None = None, row: int | None = None) -> None:
        place = table if column is None else f"{table}.{column}"
        super().__init__(f"{place}{'' if row is None else f', row {row}'}: {reason}")
        self.table, self.column, self.row = table, column, row


class Sink(Protocol):
    """Takes rows. Twice is the same as once: of two rows with the same key the higher version holds.

    Tables are not written as one: a failure between two of them leaves the first written, which the repeated
    insert makes whole.
    """

    def insert(self, rows: Rows) -> None:
        """Write the rows and return once they are acknowledged. Blocks; several threads may call it at a time.

        Raises SinkUnavailable (the caller inserts the same again) or SinkRefused (the caller stops).
        """

    def close(self) -> None:
        """Let go of connections; a closed sink takes no more rows."""
