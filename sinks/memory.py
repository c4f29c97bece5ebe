"""The ClickHouse sink's twin in memory, for tests without servers. One suite proves both."""

import threading
from collections.abc import Iterable

from sinks.checks import refusal
from sinks.port import Rows, RowTuple, SinkRefused
from sinks.tables import TABLES


class MemorySink:
    """Keeps, of every key, the row with the highest version; of equal versions, the one that came last."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[RowTuple, RowTuple]] = {name: {} for name in TABLES}
        self._merging = threading.Lock()

    def insert(self, rows: Rows) -> None:
        for table, batch in rows.items():
            if table not in TABLES:
                raise SinkRefused("no such table", table=table)
            if (error := refusal(table, batch)) is not None:
                raise error
            with self._merging:
                self._merge(table, batch)

    def _merge(self, table: str, batch: Iterable[RowTuple]) -> None:
        kept, width = self._tables[table], len(TABLES[table].key)
        for row in batch:
            old = kept.get(row[:width])
            if old is None or row[-2] >= old[-2]:
                kept[row[:width]] = row

    def tables(self) -> dict[str, list[RowTuple]]:
        """Every table as FINAL would show it: rows in key order, withdrawn ones and system columns left out."""
        return {
            name: [rows[key][:-2] for key in sorted(rows) if not rows[key][-1]] for name, rows in self._tables.items()
        }

    def close(self) -> None:
        """Nothing is held."""
