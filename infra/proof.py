"""Proof on real input: data sets that anybody can fetch, and the figures that the views must say of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from clickhouse_driver import Client

FOLDER = Path(__file__).parent / "proofs"
OTHER_PARTITIONS = 8
"""Partitions where a data set is taken in reverse: neither its order nor their number may change a figure."""

Rows = list[list[int | float]]


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One query and the rows that it must return; ``what`` names its columns."""

    what: str
    query: str
    expected: Rows


class DataSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One data set: ``file`` under the folder of real data, ``mapping`` in infra/proofs/."""

    name: str
    title: str
    file: str
    mapping: str
    where_to_get: str
    figures: list[Expected]

    @property
    def rules(self) -> Path:
        return FOLDER / self.mapping


class Finding(msgspec.Struct, frozen=True):
    """Hold what was expected, what was found, and after which imports."""

    data: str
    imports: str
    what: str
    expected: Rows
    found: Rows

    @property
    def holds(self) -> bool:
        return self.expected == self.found


def load() -> list[DataSet]:
    """Return every data set that figures are known of."""
    return msgspec.yaml.decode((FOLDER / "expected.yaml").read_bytes(), type=list[DataSet])


def _digits(value: float) -> int:
    return len(repr(value).partition(".")[2]) if isinstance(value, float) else 0


def rounded(found: list[tuple[Any, ...]], expected: Rows) -> Rows:
    """Return what was found, each number with as many digits as the expected one in its place."""
    if len(found) != len(expected):
        return [list(row) for row in found]
    return [
        [
            round(float(value), _digits(wanted)) if isinstance(wanted, float) else value
            for value, wanted in zip(*pair, strict=True)
        ]
        for pair in zip(found, expected, strict=True)
    ]


def ask(client: Client, data: DataSet, imports: str) -> list[Finding]:
    """Ask the views for every figure of a data set."""
    return [
        Finding(data.name, imports, each.what, each.expected, rounded(client.execute(each.query), each.expected))
        for each in data.figures
    ]
