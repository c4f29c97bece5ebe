"""Members of an accumulator: an ordered map of which an event reads and writes a few records, however much it holds.

An accumulator with a field `members` keeps there what grows with its history. The map is a tree over the bytes of its
keys. Its shape follows from its keys alone, and a node is named by its content: snapshots of a log share what they have
in common, and two maps are equal exactly where their roots are.

The root stands in the accumulator itself, so a map of up to MOST keys needs no record. Other nodes are records of the
log, read when they are asked for and written when the accumulator is encoded. Without a log they stay in memory.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from streams.core.segments import HEAD_RECORDS, Records

MOST = 16
"""Keys of a node without kids. A test may lower it."""
_NODES = b"m"
_NAME_BYTES = 16
_END = -1
"""Slot of the key that ends where its node divides keys. All others go by their next byte."""
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode
Value = int | bytes


class _Node:
    """Keys that begin with `prefix`: in `held` with their values, or in kids by the slot behind the prefix.

    A kid is its name until it is read. `name` is empty once the node has changed.
    """

    __slots__ = ("count", "held", "kids", "name", "prefix")

    def __init__(self, held: dict[bytes, Value]) -> None:
        self.count, self.held, self.name, self.prefix = len(held), held, b"", b""
        self.kids: dict[int, _Node | bytes] | None = None


class Members:
    """An ordered map from bytes to small values. `bind` says among the records of which log its nodes are."""

    __slots__ = ("_key", "_records", "_root", "_unsaved")

    def __init__(self) -> None:
        self._root = _Node({})
        self._records: Records | None = None
        self._key = b""
        self._unsaved: dict[bytes, bytes] = {}

    def bind(self, records: Records, key: bytes) -> None:
        """Keep nodes among the records of the log under a key."""
        self._records, self._key = records, HEAD_RECORDS + _NODES + key

    def __len__(self) -> int:
        return self._root.count

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Members) and self._named(self._root) == other._named(other._root)

    __hash__ = None  # type: ignore[assignment] # it changes

    def get(self, key: bytes) -> Any:
        """Return the value of a key; None where there is none."""
        node = self._root
        while node.kids is not None:
            slot = _slot(key, node.prefix)
            if slot not in node.kids or not key.startswith(node.prefix):
                return None
            node = self._kid(node.kids, slot)
        return node.held.get(key)

    def put(self, key: bytes, value: Value | None) -> None:
        """Set the value of a key; None removes it."""
        self._root = self._put(self._root, key, value)

    def after(self, prefix: bytes, than: bytes = b"") -> bytes | None:
        """Return the first key that begins with a prefix and is greater than another key; None for none."""
        return self._after(self._root, prefix, than)

    def before(self, prefix: bytes, than: bytes | None = None) -> bytes | None:
        """Return the last key that begins with a prefix and is less than another key; None for none."""
        return self._before(self._root, prefix, than)

    def encoded(self) -> Any:
        """Return the root as it stands in an encoded accumulator, and write the other nodes."""
        self._named(self._root)
        if self._records is not None:
            for name, packed in self._unsaved.items():
                if self._records.get(self._key + name) is None:
                    self._records.put(self._key + name, packed)
        self._unsaved = {}
        return _content(self._root)

    @classmethod
    def decoded(cls, root: Any) -> "Members":
        """Return what was encoded. It has to be bound before it is used."""
        found = cls()
        found._root = _node_of(root)
        return found

    def _put(self, node: _Node, key: bytes, value: Value | None) -> _Node:
        """Set a key in a node; return what takes the node's place."""
        if node.kids is None:
            if node.held.get(key) == value:
                return node
            if value is None:
                del node.held[key]
            else:
                node.held[key] = value
            node.count, node.name = len(node.held), b""
            return node if node.count <= MOST else _divided(node.held)
        if not key.startswith(node.prefix):
            return node if value is None else _above(node, key, value)
        slot = _slot(key, node.prefix)
        kid = self._kid(node.kids, slot) if slot in node.kids else _Node({})
        count, name = kid.count, kid.name
        now = self._put(kid, key, value)
        if now is kid and name and kid.name == name:
            return node
        if not (count or now.count):
            return node
        node.count, node.name = node.count + now.count - count, b""
        if now.count:
            node.kids[slot] = now
        else:
            del node.kids[slot]
        return self._shrunk(node, node.kids) if now.count < count else node

    def _shrunk(self, node: _Node, kids: dict[int, _Node | bytes]) -> _Node:
        """Return what has the form that follows from the keys that are left."""
        if node.count <= MOST:
            return _Node({key: value for slot in kids for key, value in self._kid(kids, slot).held.items()})
        return self._kid(kids, next(iter(kids))) if len(kids) == 1 else node

    def _kid(self, kids: "dict[int, _Node | bytes]", slot: int) -> _Node:
        """Return a kid. Raises KeyError where the store has lost it."""
        kid = kids[slot]
        if isinstance(kid, _Node):
            return kid
        stored = None if self._records is None else self._records.get(self._key + kid)
        if stored is None:
            raise KeyError(f"node {kid.hex()} of {self._key!r}")
        node = kids[slot] = _node_of(_unpack(stored))
        node.name = kid
        return node

    def _after(self, node: _Node, prefix: bytes, than: bytes) -> bytes | None:
        if node.kids is None:
            return min((key for key in node.held if key > than and key.startswith(prefix)), default=None)
        for slot in _slots(node, prefix):
            first = node.prefix + _byte(slot)
            if first >= than or than.startswith(first):
                found = self._after(self._kid(node.kids, slot), prefix, than)
                if found is not None:
                    return found
        return None

    def _before(self, node: _Node, prefix: bytes, than: bytes | None) -> bytes | None:
        if node.kids is None:
            held = (key for key in node.held if key.startswith(prefix) and (than is None or key < than))
            return max(held, default=None)
        for slot in reversed(_slots(node, prefix)):
            if than is None or node.prefix + _byte(slot) < than:
                found = self._before(self._kid(node.kids, slot), prefix, than)
                if found is not None:
                    return found
        return None

    def _named(self, node: _Node) -> bytes:
        """Return the name of a node's content; note the content of one that has none yet."""
        if not node.name:
            for kid in node.kids.values() if node.kids is not None else ():
                if isinstance(kid, _Node):
                    self._named(kid)
            packed = _pack(_content(node))
            node.name = blake2b(packed, digest_size=_NAME_BYTES).digest()
            if node is not self._root:
                self._unsaved[node.name] = packed
        return node.name


def _slot(key: bytes, prefix: bytes) -> int:
    return key[len(prefix)] if len(key) > len(prefix) else _END


def _byte(slot: int) -> bytes:
    return b"" if slot == _END else bytes((slot,))


def _common(one: bytes, other: bytes) -> bytes:
    """Return what two keys begin with; those of the least and the greatest of many are of all."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return one[:place]
    return min(one, other)


def _slots(node: _Node, prefix: bytes) -> list[int]:
    """Return the slots in which keys with a prefix may be, in order."""
    assert node.kids is not None
    own = node.prefix
    if own.startswith(prefix):
        return sorted(node.kids)
    return [slot for slot in (_slot(prefix, own),) if prefix.startswith(own) and slot in node.kids]


def _inner(prefix: bytes, kids: Iterable[tuple[int, _Node]]) -> _Node:
    node = _Node({})
    node.prefix, node.kids = prefix, dict(kids)
    node.count = sum(kid.count for kid in node.kids.values() if isinstance(kid, _Node))
    return node


def _divided(held: dict[bytes, Value]) -> _Node:
    """Return a node with kids, for keys that are too many for one without."""
    prefix = _common(min(held), max(held))
    parts: dict[int, dict[bytes, Value]] = {}
    for key, value in held.items():
        parts.setdefault(_slot(key, prefix), {})[key] = value
    return _inner(prefix, ((slot, _Node(part)) for slot, part in parts.items()))


def _above(node: _Node, key: bytes, value: Value) -> _Node:
    """Return a node above another one and a key that begins otherwise."""
    node.name = b""  # a root has none among the records
    prefix = _common(node.prefix, key)
    return _inner(prefix, ((_slot(node.prefix, prefix), node), (_slot(key, prefix), _Node({key: value}))))


def _content(node: _Node) -> Any:
    if node.kids is None:
        return dict(sorted(node.held.items()))
    kids = {slot: kid.name if isinstance(kid, _Node) else kid for slot, kid in sorted(node.kids.items())}
    return [node.count, node.prefix, kids]


def _node_of(content: Any) -> _Node:
    if isinstance(content, dict):
        return _Node(content)
    node = _Node({})
    node.count, node.prefix, node.kids = content
    return node


def encode_members(value: Any) -> Any:
    """Return what a codec writes in place of members. Raises NotImplementedError for any other type."""
    if isinstance(value, Members):
        return value.encoded()
    raise NotImplementedError(f"no record holds a {type(value).__name__}")


def decode_members(kind: type, value: Any) -> Any:
    """Return the members that a codec has read. Raises NotImplementedError for any other type."""
    if kind is Members:
        return Members.decoded(value)
    raise NotImplementedError(f"no record holds a {kind.__name__}")
