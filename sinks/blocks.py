"""Rows into blocks of columns as ClickHouse's native protocol has them, packed a column at a time.

The driver picks each column out of all rows anew, and goes through times, labels and NULLs value by value. Here rows
are turned a few at a time, while they are in the processor's cache, and each column is packed by a function that the
interpreter has in C. Types that are not known here are left to the driver (docs/adr/0151).
"""

import sys
from array import array
from collections.abc import Callable, Sequence
from functools import cache, partial
from struct import pack
from typing import Any

from clickhouse_driver import Client, defines
from clickhouse_driver.columns.service import write_column
from clickhouse_driver.varint import write_varint
from clickhouse_driver.writer import write_binary_str, write_binary_uint8

from sinks.port import RowTuple

AT_ONCE = 200
"""Rows turned at a time: with many more their values leave the cache, with few the calls cost more than the values."""
_CODES = {"UInt8": "B", "UInt16": "H", "UInt32": "I", "UInt64": "Q", "Int32": "i", "Int64": "q", "Float64": "d"}
_TIME, _LABEL = "DateTime64(6, 'UTC')", "LowCardinality(String)"
# How a column of labels begins: with a version, and with flags by which its block brings a dictionary of its own.
_LABELS_VERSION, _OWN_LABELS = 1, 1 << 9 | 1 << 10
_PLACES = ((0, "B", 2**8), (1, "H", 2**16), (2, "I", 2**32))
"""Width of the places of labels as the protocol names it, the code of an array, and how many labels it can tell."""
_SEVEN_BITS = 0x7F

Pack = Callable[[Sequence[Any]], bytes]


def columns_of(rows: Sequence[RowTuple]) -> list[list[Any]]:
    """Return rows as columns. Raises ValueError for rows of different lengths."""
    columns: list[list[Any]] = [[] for _ in rows[0]]
    extend = [column.extend for column in columns]
    for begin in range(0, len(rows), AT_ONCE):
        for add, values in zip(extend, zip(*rows[begin : begin + AT_ONCE], strict=True), strict=True):
            add(values)
    return columns


def pack_blocks_of(client: Client) -> None:
    """Let blocks that a client sends be packed here; one that compresses them is left alone."""
    for connection in client.connections:
        if not connection.compression:
            connection.get_block_out_stream = partial(Blocks, connection)
            connection.block_out = connection.block_out and Blocks(connection)


class Blocks:
    """Writes blocks to a connection, in place of the driver's own `BlockOutputStream`."""

    def __init__(self, connection: Any) -> None:
        self._to, self._context = connection.fout, connection.context

    def write(self, block: Any) -> None:
        """Write one block, the empty one at the end of an insert too. Raises what packing a value raises."""
        to, revision = self._to, self._context.server_info.used_revision
        if revision >= defines.DBMS_MIN_REVISION_WITH_BLOCK_INFO:
            block.info.write(to)
        write_varint(block.num_columns, to)
        write_varint(block.num_rows, to)
        for number, (name, kind) in enumerate(block.columns_with_types):
            write_binary_str(name, to)
            write_binary_str(kind, to)
            if block.num_columns:
                if revision >= defines.DBMS_MIN_REVISION_WITH_CUSTOM_SERIALIZATION:
                    write_binary_uint8(0, to)  # no column is sparse
                self._write(name, kind, block.get_column_by_index(number))
        to.flush()

    def _write(self, name: str, kind: str, values: Sequence[Any]) -> None:
        known = pack_of(kind)
        if known is None:
            write_column(self._context, name, kind, values, self._to)
        else:
            self._to.write(known(values))


@cache
def pack_of(kind: str) -> Pack | None:
    """Return what packs a column of a type, None where that is left to the driver."""
    if sys.byteorder != "little":
        return None
    if kind == _LABEL:
        return _labels
    if kind.startswith("Nullable("):
        inner = _code(kind[len("Nullable(") : -1])
        return None if inner is None else partial(_nullable, inner)
    code = _code(kind)
    return None if code is None else partial(_plain, code)


def _code(kind: str) -> str | None:
    return "q" if kind == _TIME else _CODES.get(kind)


def _plain(code: str, values: Sequence[Any]) -> bytes:
    return array(code, values).tobytes()


def _nullable(code: str, values: Sequence[Any]) -> bytes:
    """Pack which values are NULL, and then all values, zero for these."""
    if None not in values:
        return bytes(len(values)) + _plain(code, values)
    return bytes([each is None for each in values]) + _plain(code, [0 if each is None else each for each in values])


def _labels(values: Sequence[str]) -> bytes:
    """Pack the distinct labels, and then the place of each value's label among them."""
    places = {label: place for place, label in enumerate(dict.fromkeys(values))}
    width, code, _ = next(each for each in _PLACES if len(places) <= each[2])
    return b"".join(
        (
            pack("<qqq", _LABELS_VERSION, _OWN_LABELS | width, len(places)),
            *map(_text, places),
            pack("<q", len(values)),
            array(code, [*map(places.__getitem__, values)]).tobytes(),
        )
    )


def _text(value: str) -> bytes:
    """Pack a text: its length, seven bits a byte and those of low value first, and its bytes."""
    content = value.encode()
    size, length = len(content), bytearray()
    while size > _SEVEN_BITS:
        length.append(size & _SEVEN_BITS | ~_SEVEN_BITS & 0xFF)
        size >>= 7
    return bytes(length) + bytes([size]) + content
