"""Two generations compared: what one lacks, what it has besides, and what differs, with the first examples of each.

One pass over each table fills buckets of keys with counts and sums of row hashes. Only rows of buckets that differ
are then held against each other one by one, in slices that bound the memory, and only the examples leave the server.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

import msgspec
from clickhouse_driver import Client

from sinks import fingerprint, sql
from sinks.tables import TABLES, Table

EXAMPLES = 5
"""Examples of each kind of difference and table."""
ROWS_PER_BUCKET = 8
ROWS_PER_SLICE = 2_000_000
_FEWEST, _MOST = 12, 21
_GIB = 1 << 30
LIMITS = {"max_memory_usage": 4 * _GIB, "max_bytes_before_external_group_by": _GIB}

Kind = Literal["missing", "extra", "changed"]
KINDS: tuple[Kind, ...] = ("missing", "extra", "changed")


class Change(msgspec.Struct, frozen=True):
    """One column of a row that differs: its value in a and in b."""

    column: str
    a: Any
    b: Any


class Example(msgspec.Struct, frozen=True):
    """One row that differs; ``key`` as text, ``changes`` of a changed row only."""

    kind: Kind
    key: tuple[str, ...]
    changes: tuple[Change, ...] = ()

    @property
    def text(self) -> str:
        """The example in a line: its kind, its key as JSON, and what changed."""
        said = ", ".join(f"{change.column} {change.a!r} -> {change.b!r}" for change in self.changes)
        return f"{self.kind} {json.dumps(self.key, ensure_ascii=False)}{': ' if said else ''}{said}"


class Difference(msgspec.Struct, frozen=True):
    """What generation b is beside generation a, in one table; ``rows`` counts those of a.

    ``columns`` says in how many changed rows each column differs. Withdrawn rows and versions are left out: a replay
    counts versions anew.
    """

    table: str
    rows: int
    missing: int = 0
    extra: int = 0
    changed: int = 0
    columns: dict[str, int] = {}
    examples: tuple[Example, ...] = ()

    @property
    def equal(self) -> bool:
        return not (self.missing or self.extra or self.changed)


def compare(
    client: Client, a: str, b: str, *, accounts: Collection[str] = (), two_releases: bool = False
) -> list[Difference]:
    """Compare the tables of database ``b`` with those of ``a``, as FINAL shows them.

    With accounts, only their rows are looked at, and tables that know no account are left out. The server needs up
    to 4 GiB of memory whatever the size of the tables. Where ``two_releases`` have made them, the columns that both
    have are compared, and a table that one lacks is empty there; otherwise its absence is an error of the server.
    """
    tables = [table for table in TABLES.values() if not accounts or "account_id" in table.names]
    if two_releases:
        there = [_columns(client, database) for database in (a, b)]
        return [_of_two_releases(client, table, (a, b), there, accounts) for table in tables]
    return [_Pair(client, table, (a, b), accounts).difference() for table in tables]


def _of_two_releases(
    client: Client,
    table: Table,
    databases: tuple[str, str],
    there: Sequence[Mapping[str, set[str]]],
    accounts: Collection[str],
) -> Difference:
    """Compare a table of which a side may lack columns, or all of it."""
    if (both := _common(table, there)) is not None:
        return _Pair(client, both, databases, accounts).difference()
    in_a, in_b = (
        _count(client, database, table) if table.name in known else 0
        for database, known in zip(databases, there, strict=True)
    )
    return Difference(table.name, in_a, missing=in_a, extra=in_b)


def _columns(client: Client, database: str) -> dict[str, set[str]]:
    """Return the names of every table's columns."""
    rows = client.execute(
        "SELECT table, groupArray(name) FROM system.columns WHERE database = %(database)s GROUP BY table",
        {"database": database},
    )
    return {table: set(names) for table, names in rows}


def _common(table: Table, there: Sequence[Mapping[str, set[str]]]) -> Table | None:
    """Return the table with the columns that both sides have, None where a side has no table with that key."""
    kept = tuple(column for column in table.columns if all(column.name in known.get(table.name, ()) for known in there))
    if not set(table.key) <= {column.name for column in kept}:
        return None
    return msgspec.structs.replace(table, columns=kept)


def _count(client: Client, database: str, table: Table) -> int:
    """Return how many rows FINAL shows."""
    ((count,),) = client.execute(f"SELECT count() FROM {sql.name(database)}.{sql.name(table.name)} FINAL")  # noqa: S608
    return int(count)


class _Pair:
    """The same table in two generations."""

    def __init__(self, client: Client, table: Table, databases: tuple[str, str], accounts: Collection[str]) -> None:
        self._client, self._table, self._databases = client, table, databases
        self._accounts = [(account,) for account in accounts]

    def difference(self) -> Difference:
        mask = self._buckets() - 1
        rows, differing, suspects = self._fill(mask)
        if not differing:
            return Difference(self._table.name, rows)
        # Most buckets differ: reading everything is cheaper than looking every row's bucket up.
        chosen = differing if len(differing) <= mask // 2 else []
        slices = -(-suspects // ROWS_PER_SLICE)
        found = [self._rows(mask, chosen, part, slices) for part in range(slices)]
        counts = {kind: sum(each[kind] for each, _, _ in found) for kind in KINDS}
        names = [column.name for column in fingerprint.others(self._table)]
        changed = [sum(each) for each in zip(*(columns for _, columns, _ in found if columns), strict=True)]
        columns = {name: count for name, count in zip(names, changed, strict=False) if count}
        examples = [
            example
            for kind in KINDS
            for example in self._examples(kind, [key for _, _, keys in found for key in keys[kind]])
        ]
        return Difference(self._table.name, rows, **counts, columns=columns, examples=tuple(examples))

    def _execute(self, query: str, buckets: Sequence[int] = ()) -> list[Any]:
        numbers = [(number,) for number in buckets]
        given = [
            {"name": name, "structure": [("value", kind)], "data": data}
            for name, kind, data in (("account", "String", self._accounts), ("bucket", "UInt32", numbers))
            if data
        ]
        found: list[Any] = self._client.execute(query, external_tables=given or None, settings=LIMITS)
        return found

    def _buckets(self) -> int:
        """Return how many buckets there are: so many that a few changed rows leave most of them equal."""
        ((stored,),) = self._client.execute(
            "SELECT sum(rows) FROM system.parts WHERE active AND database IN %(databases)s AND table = %(table)s",
            {"databases": self._databases, "table": self._table.name},
        )
        wanted = (stored // (2 * ROWS_PER_BUCKET)).bit_length()
        return 1 << (_FEWEST if self._accounts else min(_MOST, max(_FEWEST, wanted)))

    def _side(self, side: int, columns: str, buckets: str = "") -> str:
        """Return the SELECT of one side; what it is limited by depends on the key alone and goes before FINAL."""
        limits = ["account_id IN account"] if self._accounts else []
        limits += [buckets] if buckets else []
        source = f"{sql.name(self._databases[side])}.{sql.name(self._table.name)}"
        prewhere = f" PREWHERE {' AND '.join(limits)}" if limits else ""
        return f"SELECT {columns}, {side} AS side FROM {source} FINAL{prewhere}"  # noqa: S608

    def _fill(self, mask: int) -> tuple[int, list[int], int]:
        """Return how many rows a has, which buckets differ, and how many rows of both lie in those."""
        hashed = (
            f"bitAnd({fingerprint.key_hash(self._table)}, {mask}) AS bucket, {fingerprint.row_hash(self._table)} AS h"
        )
        filled = " UNION ALL ".join(
            "SELECT bucket, any(side) AS side, count() AS n, sum(h) AS total, groupBitXor(h) AS odd"  # noqa: S608
            f" FROM ({self._side(side, hashed)}) GROUP BY bucket"
            for side in (0, 1)
        )
        ((rows, differing, suspects),) = self._execute(
            "SELECT sum(in_a), groupArrayIf(bucket, differs), sumIf(n, differs) FROM (SELECT bucket, sum(n) AS n,"  # noqa: S608
            " sumIf(filled.n, side = 0) AS in_a, count() = 1 OR min(filled.n) != max(filled.n)"
            " OR min(total) != max(total) OR min(odd) != max(odd) AS differs"
            f" FROM ({filled}) AS filled GROUP BY bucket)"
        )
        return rows, differing, suspects

    def _rows(
        self, mask: int, buckets: list[int], part: int, slices: int
    ) -> tuple[dict[Kind, int], list[int], dict[Kind, list[tuple[str, ...]]]]:
        """Compare the rows of one slice; return counts and first keys by kind, and counts by column."""
        bucket = f"bitAnd({fingerprint.key_hash(self._table)}, {mask})"
        limits = [f"{bucket} IN bucket"] if buckets else []
        limits += [f"{bucket} % {slices} = {part}"] if slices > 1 else []
        key = ", ".join(f"toString({sql.name(name)})" for name in self._table.key)
        columns = (
            f"array({key}) AS key, {fingerprint.row_hash(self._table)} AS h,"
            f" {fingerprint.column_hashes(self._table)} AS hashes"
        )
        both = " UNION ALL ".join(self._side(side, columns, " AND ".join(limits)) for side in (0, 1))
        picked = ", ".join(
            f"countIf(kind = '{kind}'), groupArraySortedIf({EXAMPLES})(key, kind = '{kind}')" for kind in KINDS
        )
        ((changed, *told),) = self._execute(
            f"SELECT sumForEachIf(differing, kind = 'changed'), {picked} FROM (SELECT key,"  # noqa: S608
            " multiIf(countIf(side = 1) = 0, 'missing', countIf(side = 0) = 0, 'extra', min(h) != max(h), 'changed',"
            " 'equal') AS kind, arrayMap((x, y) -> x != y, minForEach(hashes), maxForEach(hashes)) AS differing"
            f" FROM ({both}) GROUP BY key)",
            buckets,
        )
        keys = {kind: [tuple(key) for key in told[2 * at + 1]] for at, kind in enumerate(KINDS)}
        return {kind: told[2 * at] for at, kind in enumerate(KINDS)}, changed, keys

    def _examples(self, kind: Kind, keys: list[tuple[str, ...]]) -> list[Example]:
        first = sorted(keys)[:EXAMPLES]
        if kind != "changed":
            return [Example(kind, key) for key in first]
        before, after = (self._found(side, first) for side in (0, 1))
        names = [column.name for column in fingerprint.others(self._table)]
        return [
            Example(
                kind,
                key,
                tuple(
                    Change(name, a, b)
                    for name, a, b in zip(names, before[key], after[key], strict=True)
                    if repr(a) != repr(b)
                ),
            )
            for key in first
            if key in before and key in after
        ]

    def _found(self, side: int, keys: list[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[Any, ...]]:
        """Return the columns beside the key, as the server's client gives them, of the rows with these keys."""
        if not keys:
            return {}
        key = ", ".join(map(sql.name, self._table.key))
        text = ", ".join(f"toString({sql.name(name)})" for name in self._table.key)
        rest = "".join(f", {sql.name(column.name)}" for column in fingerprint.others(self._table))
        source = f"{sql.name(self._databases[side])}.{sql.name(self._table.name)}"
        query = f"SELECT [{text}]{rest} FROM {source} FINAL WHERE ({key}) IN %(keys)s"  # noqa: S608
        rows = self._client.execute(query, {"keys": keys}, settings=LIMITS)
        return {tuple(told): tuple(values) for told, *values in rows}
