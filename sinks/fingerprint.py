"""Hashes of rows, taken in the server over typed columns, so that two tables are compared without moving either.

A row's hash covers every column but ``version`` and ``is_deleted``: a replay counts versions anew. Values are told
apart as they are stored: NULL from zero, an empty list from none, minus zero from zero; every NaN is the same.
"""

from collections.abc import Sequence

from sinks import sql
from sinks.tables import SYSTEM_COLUMNS, Column, Table

_NULLABLE = "Nullable("


def compared(table: Table) -> tuple[Column, ...]:
    """Return the columns that two generations must agree on, keys first."""
    return tuple(column for column in table.columns if column not in SYSTEM_COLUMNS)


def key_hash(table: Table) -> str:
    """Return the expression of a row's key hash; equal for all versions of a row, so it may stand before FINAL."""
    return _hash([column for column in compared(table) if column.name in table.key])


def row_hash(table: Table) -> str:
    return _hash(compared(table))


def column_hashes(table: Table) -> str:
    """Return the expression of an array that has a short hash of every column beside the key."""
    hashes = [f"toUInt32({_hash([column])})" for column in others(table)]
    return f"[{', '.join(hashes)}]" if hashes else "CAST([], 'Array(UInt32)')"


def others(table: Table) -> tuple[Column, ...]:
    """Return the compared columns that are not part of the key."""
    return tuple(column for column in compared(table) if column.name not in table.key)


def _hash(columns: Sequence[Column]) -> str:
    return f"cityHash64({', '.join(part for column in columns for part in _parts(column))})"


def _parts(column: Column) -> list[str]:
    """Return what a column hands to the hash function, to which NULL and an empty array are nothing at all."""
    name, kind = sql.name(column.name), column.type
    if kind.startswith(_NULLABLE):
        bare = kind.removeprefix(_NULLABLE).removesuffix(")")
        given = f"ifNull({name}, defaultValueOfTypeName({sql.text(bare)}))"
        return [f"isNull({name})", *_number(given, bare)]
    if kind.startswith("Array("):
        return [f"length({name})", name]
    return _number(name, kind)


def _number(expression: str, kind: str) -> list[str]:
    return [f"if(isNaN({expression}), nan, {expression})" if kind.startswith("Float") else expression]
