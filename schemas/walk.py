"""A tolerant look into a record: value by value over its schema, as far as the bytes allow.

The compiled readers take a record whole or not at all. Whoever asks why one was not taken needs what can be read, and
where it broke. The rules are the readers' own, so that a sound record shows just what they make of it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.varint import MalformedError, read_block, read_int, read_long

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_VALUES = 10_000
"""As many values are read; a record may hold one per byte."""

_DEEPEST = 32
_CONTINUED_OR_NEGATIVE = 129
_INSTANT = "timestamp-micros"

Node = Any


class Part(msgspec.Struct, frozen=True):
    """One value: its place in the record, such as answers[0].number, its offsets, and whether it is an instant.

    An empty array or map is a value, too. Offsets count from the first byte of the frame.
    """

    path: str
    value: Any
    start: int
    end: int
    instant: bool = False


class Walked(msgspec.Struct, frozen=True):
    """Values in order, the same as nested fields, the offset `end` up to which all is sound, and what is wrong there.

    `why` is empty where the record was read to its end and nothing follows it.
    """

    parts: tuple[Part, ...]
    fields: dict[str, Any]
    end: int
    why: str


class _BrokeOff(Exception):  # noqa: N818 - it is how a walk ends
    pass


def walk(value: bytes, start: int, definition: Node, most: int = MOST_VALUES) -> Walked:
    """Read a record of this schema from an offset on, at most so many values. Raises nothing, whatever the bytes."""
    walker = _Walker(value, start, most, dict(_names(definition)))
    fields: dict[str, Any] = {}
    why = ""
    try:
        walker.fields(definition, fields, "", 0)
    except _BrokeOff as broken:
        why = str(broken)
    else:
        if left := len(value) - walker.at:
            why = f"the record ends here, yet {left:,} more bytes follow"
    return Walked(tuple(walker.parts), fields, walker.at, why)


def _names(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield every named type of a schema: the first use may stand in a branch that a record does not take."""
    if isinstance(node, list):
        for branch in node:
            yield from _names(branch)
    elif isinstance(node, dict):
        if "name" in node and isinstance(node.get("type"), str):
            yield node["name"].rpartition(".")[2], node
        for part in ("type", "items", "values", "fields"):
            yield from _names(node.get(part))


class _Walker:
    def __init__(self, value: bytes, start: int, most: int, named: dict[str, Node]) -> None:
        self.at = start
        self.parts: list[Part] = []
        self._value, self._most, self._named = value, most, named

    def fields(self, record: Node, into: dict[str, Any], path: str, depth: int) -> None:
        """Fill `into` field by field, so that what was read stays when a later one breaks."""
        for field in record["fields"]:
            name = field["name"]
            self._read(field["type"], f"{path}.{name}" if path else name, _under(into, name), depth)

    def _read(self, node: Node, path: str, keep: Callable[[Any], None], depth: int) -> None:
        if depth > _DEEPEST:
            raise _BrokeOff(f"{path}: nested more than {_DEEPEST} deep")
        node = self._resolved(node)
        if isinstance(node, list):
            branch = self._take(path, "union", lambda b, p: _choice(b, p, len(node), "branch"))
            self._read(node[branch], path, keep, depth + 1)
            return
        kind = node["type"] if isinstance(node, dict) else node
        if kind == "record":
            inner: dict[str, Any] = {}
            keep(inner)
            self.fields(node, inner, path, depth + 1)
        elif kind == "array":
            self._array(node["items"], path, keep, depth + 1)
        elif kind == "map":
            self._map(node["values"], path, keep, depth + 1)
        else:
            self._scalar(node, kind, path, keep)

    def _resolved(self, node: Node) -> Node:
        """Return a definition in place of its name, and what an annotation of a definition annotates."""
        while isinstance(node, dict) and isinstance(node["type"], dict | list):
            node = node["type"]
        return self._named.get(node.rpartition(".")[2], node) if isinstance(node, str) else node

    def _scalar(self, node: Node, kind: str, path: str, keep: Callable[[Any], None]) -> None:
        start = self.at
        if kind == "enum":
            symbols = node["symbols"]
            value = symbols[self._take(path, kind, lambda b, p: _choice(b, p, len(symbols), "symbol"))]
        elif kind in _READERS:
            value = self._take(path, kind, _READERS[kind])
        else:
            raise _BrokeOff(f"{path}: values of type {kind} cannot be shown")
        instant = isinstance(node, dict) and node.get("logicalType") == _INSTANT
        self._add(Part(path, value, start, self.at, instant))
        keep(value)

    def _array(self, items: Node, path: str, keep: Callable[[Any], None], depth: int) -> None:
        start, found = self.at, list[Any]()
        keep(found)
        for number in self._elements(path):
            self._read(items, f"{path}[{number}]", found.append, depth)
        if not found:
            self._add(Part(path, [], start, self.at))

    def _map(self, values: Node, path: str, keep: Callable[[Any], None], depth: int) -> None:
        start, found = self.at, dict[str, Any]()
        keep(found)
        for _ in self._elements(path):
            key = self._take(path, "key", _string)
            self._read(values, f"{path}[{key!r}]", _under(found, key), depth)
        if not found:
            self._add(Part(path, {}, start, self.at))

    def _elements(self, path: str) -> Iterator[int]:
        """Yield a number for each element of an array or a map, from block to block."""
        number = 0
        while count := self._take(path, "block", _block):
            for _ in range(count):
                yield number
                number += 1

    def _add(self, part: Part) -> None:
        if len(self.parts) >= self._most:
            self.at = part.start
            raise _BrokeOff(f"only the first {self._most:,} values are shown")
        self.parts.append(part)

    def _take(self, path: str, what: str, read: Callable[[bytes, int], tuple[Any, int]]) -> Any:
        try:
            value, self.at = read(self._value, self.at)
        except (IndexError, struct.error):
            raise _BrokeOff(f"{path}: the bytes end inside of this {what}") from None
        except UnicodeDecodeError as error:
            raise _BrokeOff(f"{path}: the string is not UTF-8, from its byte {error.start} on") from None
        except MalformedError as error:
            raise _BrokeOff(f"{path}: {error}") from None
        return value


def _under(into: dict[str, Any], key: str) -> Callable[[Any], None]:
    def keep(value: Any) -> None:
        into[key] = value

    return keep


def _choice(b: bytes, p: int, number: int, what: str) -> tuple[int, int]:
    """Read which branch or symbol it is; a single byte, as no schema here has more than 64 of them."""
    index, odd = divmod(b[p], 2)
    if odd or index >= number:
        raise MalformedError(f"there is no {what} {-index - 1 if odd else index}, only {number} of them")
    return index, p + 1


def _boolean(b: bytes, p: int) -> tuple[bool, int]:
    if b[p] > 1:
        raise MalformedError(f"{b[p]} is no boolean")
    return b[p] == 1, p + 1


def _string(b: bytes, p: int) -> tuple[str, int]:
    length, start = read_long(b, p)
    left = len(b) - start
    if not 0 <= length <= left:
        raise MalformedError(f"a string of {length:,} bytes where {left:,} are left")
    return b[start : start + length].decode(), start + length


def _block(b: bytes, p: int) -> tuple[int, int]:
    """Read how many elements come next, 0 after the last one."""
    first = b[p]
    return read_block(b, p) if first & _CONTINUED_OR_NEGATIVE else (first >> 1, p + 1)


def _real(b: bytes, p: int) -> tuple[float, int]:
    (value,) = struct.unpack_from("<d", b, p)
    return value, p + 8


_READERS: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "null": lambda _, p: (None, p),
    "boolean": _boolean,
    "int": read_int,
    "long": read_long,
    "double": _real,
    "string": _string,
}
