"""Two generations row by row: what one lacks, what it has besides, and what differs."""

import msgspec
from clickhouse_driver import Client

from sinks import sql
from sinks.tables import SYSTEM_COLUMNS, TABLES, Table

EXAMPLES = 5


class Difference(msgspec.Struct, frozen=True):
    """What generation b is beside generation a, in one table; ``examples`` are keys with the kind of difference.

    ``version`` and ``is_deleted`` are left out: a rebuild counts versions anew.
    """

    table: str
    rows: int
    missing: int
    extra: int
    changed: int
    examples: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not (self.missing or self.extra or self.changed)


def compare(client: Client, a: str, b: str) -> list[Difference]:
    """Compare every table of database ``b`` with that of ``a``, as FINAL shows them; ``rows`` counts those of a.

    The server does the work and needs memory in proportion to a table's keys.
    """
    return [_table(client, table, a, b) for table in TABLES.values()]


def _rows(table: Table, database: str, side: int) -> str:
    keys = ", ".join(map(sql.name, table.key))
    rest = [sql.name(c.name) for c in table.columns if c.name not in table.key and c not in SYSTEM_COLUMNS]
    return (
        f"SELECT formatRowNoNewline('JSONCompactEachRow', {keys}) AS row_key,"  # noqa: S608 - names are our own
        f" sipHash128(formatRowNoNewline('JSONCompactEachRow', {', '.join(rest) or '1'})) AS content, {side} AS side"
        f" FROM {sql.name(database)}.{sql.name(table.name)} FINAL"
    )


def _table(client: Client, table: Table, a: str, b: str) -> Difference:
    query = (
        "SELECT countIf(in_a), countIf(kind = 'missing'), countIf(kind = 'extra'), countIf(kind = 'changed'),"  # noqa: S608
        f" arraySort(groupArraySortedIf({EXAMPLES})(concat(kind, ' ', row_key), kind != 'equal'))"
        " FROM (SELECT row_key, countIf(side = 0) > 0 AS in_a, multiIf(countIf(side = 1) = 0, 'missing',"
        " countIf(side = 0) = 0, 'extra', uniqExact(content) > 1, 'changed', 'equal') AS kind"
        f" FROM ({_rows(table, a, 0)} UNION ALL {_rows(table, b, 1)}) GROUP BY row_key)"
    )
    ((rows, missing, extra, changed, examples),) = client.execute(query)
    return Difference(table.name, rows, missing, extra, changed, tuple(examples))
