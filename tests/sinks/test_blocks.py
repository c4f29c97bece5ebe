"""Blocks packed here against the driver, which reads back what it would have written itself."""

from collections.abc import Sequence
from typing import Any

import pytest
from clickhouse_driver import Client
from clickhouse_driver.bufferedreader import BufferedSocketReader
from clickhouse_driver.columns.service import read_column
from hypothesis import given
from hypothesis import strategies as st

from sinks.blocks import AT_ONCE, columns_of, pack_of
from sinks.tables import TABLES

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
WHOLE = {
    "UInt8": (0, 2**8 - 1),
    "UInt16": (0, 2**16 - 1),
    "UInt32": (0, 2**32 - 1),
    "UInt64": (0, 2**64 - 1),
    "Int32": (-(2**31), 2**31 - 1),
    "Int64": (-(2**63), 2**63 - 1),
}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{kind: st.integers(*bounds) for kind, bounds in WHOLE.items()},
    "Float64": st.floats(allow_nan=False),
    "LowCardinality(String)": TEXTS,
}
NULLABLE = {f"Nullable({kind})": st.none() | VALUES[kind] for kind in ("UInt8", "UInt32", "Int64", "Float64")}
KINDS = VALUES | NULLABLE


class Wire:
    """A socket whose other side has sent these bytes and nothing more."""

    def __init__(self, sent: bytes) -> None:
        self._sent = sent

    def recv_into(self, buffer: bytearray) -> int:
        part, self._sent = self._sent[: len(buffer)], self._sent[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


def read_back(kind: str, count: int, packed: bytes) -> list[Any]:
    context = Client("nobody").connection.context
    return list(read_column(context, kind, count, BufferedSocketReader(Wire(packed), 1 << 16)))


def packed(kind: str, values: Sequence[Any]) -> bytes:
    pack = pack_of(kind)
    assert pack is not None
    return pack(values)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_driver_reads_back_what_was_packed(kind: str, data: st.DataObject) -> None:
    """A wrong width, order or map of NULLs would change values without an error."""
    values = data.draw(st.lists(KINDS[kind], min_size=1, max_size=40))
    assert read_back(kind, len(values), packed(kind, values)) == values


@pytest.mark.parametrize("count", [1, 255, 256, 257, 2**16, 2**16 + 1])
def test_any_number_of_labels_is_told_apart(count: int) -> None:
    """Places of labels are as wide as their number takes; one too narrow would give a row the label of another."""
    values = [*(f"label {number}" for number in range(count)), "label 0"]
    assert read_back("LowCardinality(String)", len(values), packed("LowCardinality(String)", values)) == values


@pytest.mark.parametrize(("kind", "value"), [("UInt16", 2**16), ("UInt8", -1), ("Int64", 1.5), ("UInt64", None)])
def test_what_does_not_fit_fails(kind: str, value: object) -> None:
    """The sink names the place of a misfit once packing fails; cut to its width it would be stored as another value."""
    with pytest.raises((OverflowError, TypeError)):
        packed(kind, [1, value])


def test_every_type_of_the_tables_is_packed_here_but_texts_and_lists() -> None:
    """A type that is left to the driver by mistake costs several times as much, and nothing would say so."""
    kinds = {column.type for table in TABLES.values() for column in table.columns}
    left = {kind for kind in kinds if pack_of(kind) is None and not kind.startswith("Array(")}
    assert left == {"String"}


@given(st.integers(1, 3 * AT_ONCE), st.integers(1, 4))
def test_rows_and_columns_are_the_same_values(count: int, width: int) -> None:
    """Rows are turned in pieces: none may be left out or come twice where two of them meet."""
    rows = [tuple(range(number, number + width)) for number in range(count)]
    assert [*zip(*columns_of(rows), strict=True)] == rows


@pytest.mark.parametrize("at", [1, AT_ONCE, AT_ONCE + 1])
def test_rows_of_different_lengths_are_no_columns(at: int) -> None:
    """A row that is too short would push values of the rows behind it into its place."""
    rows = [(1, 2)] * at + [(1,)]
    with pytest.raises(ValueError, match="shorter"):
        columns_of(rows)
