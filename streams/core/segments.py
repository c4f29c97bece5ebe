"""The records of a log: a head with the newest items, segments of older ones, snapshots, and an index of segments.

A log is an ordered sequence of items. Its head is one record and holds up to SEGMENT items at the end, the tail. When
the tail is full, its items move into a segment, a record that no later item at the end reads or writes again. A
snapshot is the accumulator as it was before a segment, or before the tail; it is kept apart from the items, so that a
late item that only changes accumulators leaves the segments alone. Short logs are one record.
"""

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from streams.core.algebra import SortKey
from streams.core.limits import NEVER

Item = TypeVar("Item")
SEGMENT = 16
"""Items of a full segment. A test may lower it."""
TAIL_BYTES = 128 << 10
"""A tail of more bytes than this becomes a segment early: a head has to fit into one record of the changelog."""
CHUNK = 64
"""Segments that one record of the index lists."""
HEAD_RECORDS = b"\1"
"""First byte of all records of logs but their heads. No entity's key begins with it."""
SEGMENTS, SNAPSHOTS, INDEX, NAMES = b"s", b"a", b"i", b"n"
_encode = msgspec.msgpack.Encoder().encode


def names_in(key: bytes) -> tuple[str, str]:
    """Return the account in the key of an entity or a ledger, and the name within the account."""
    account, _, name = key[1:].decode().partition("\0")
    return account, name


class Spilled(msgspec.Struct, array_like=True, gc=False):
    """The part of a head that is about its segments.

    `next_number` names the next segment, `chunks` counts the records of the index. `last_key` is the greatest position
    in a segment, `last_order` the greatest place in fold order. `waits` is true once an item named another one that had
    not come.
    """

    next_number: int = 0
    chunks: int = 0
    last_key: SortKey = ()
    last_order: SortKey = ()
    waits: bool = False


class Head(msgspec.Struct, Generic[Item], array_like=True, gc=False):
    """The record under the log's own key.

    The first four fields can be read without the rest (see `HeadIndex`). `deadline` is the next moment at which
    time alone changes outputs (microseconds, NEVER if none); `revision` counts changes and orders row versions;
    `fingerprints` are of the tail's items; `rules` names the rules that outputs were made under, empty where none
    have a say. `passed` is the latest deadline that has gone by; `tests` counts active test events. `inactive` are
    positions in the tail of items that do not count. `base` is the snapshot before the tail, empty for the
    beginning. `known` is the moment up to which revisions are stated that no event or deadline has yet brought about
    in the outputs themselves (`streams.core.revisions`), 0 where that is `passed`. `end` is the accumulator behind the
    tail, of a ledger that keeps it; empty where the tail has to be folded.
    """

    deadline: int = NEVER
    revision: int = 0
    fingerprints: bytes = b""
    rules: bytes = b""
    passed: int = 0
    tests: int = 0
    tail: tuple[Item, ...] = ()
    inactive: tuple[int, ...] = ()
    base: bytes = b""
    tail_bytes: int = 0
    spilled: Spilled | None = None
    known: int = 0
    end: bytes = b""


class HeadIndex(msgspec.Struct, array_like=True, gc=False):
    """The fields of a head that an index of a partition is built from."""

    deadline: int
    revision: int
    fingerprints: bytes
    rules: bytes


class SegmentIndex(msgspec.Struct, array_like=True, gc=False):
    """The field of a segment that an index of a partition is built from."""

    fingerprints: bytes


class Segment(msgspec.Struct, Generic[Item], array_like=True, gc=False):
    """Items in order, their fingerprints, and the positions of those that do not count."""

    fingerprints: bytes = b""
    items: list[Item] = msgspec.field(default_factory=list)
    inactive: tuple[int, ...] = ()


class Chunk(msgspec.Struct, array_like=True, gc=False):
    """Part of the index: the first position and the number of consecutive segments."""

    firsts: list[SortKey] = msgspec.field(default_factory=list)
    numbers: list[int] = msgspec.field(default_factory=list)


class Records(Protocol):
    """Storage for records of logs. `get` sees what `put` has put; None deletes."""

    def get(self, name: bytes, /) -> bytes | None: ...

    def put(self, name: bytes, value: bytes | None, /) -> None: ...


class Overlay:
    """Records of a store as a batch sees them: `changes` has what it has put, None where it deleted.

    Logs hold this and not the machine that holds them, so that nothing refers back: a batch that is dropped is freed at
    once, and not by the search for cycles.
    """

    __slots__ = ("_stored", "changes")

    def __init__(self, stored: Callable[[bytes], bytes | None]) -> None:
        self._stored = stored
        self.changes: dict[bytes, bytes | None] = {}

    def get(self, name: bytes) -> bytes | None:
        changes = self.changes
        return changes[name] if name in changes else self._stored(name)

    def put(self, name: bytes, value: bytes | None) -> None:
        self.changes[name] = value


def record_name(kind: bytes, key: bytes, number: int) -> bytes:
    """Return the key of a log's numbered record. The number has a fixed length, so no two logs share a record."""
    return HEAD_RECORDS + kind + key + number.to_bytes(4, "big")


chunk_from = msgspec.msgpack.Decoder(Chunk).decode


class Index:
    """The segments of a log in order, as far back as is asked for: (first position, number) each."""

    def __init__(self, records: Records, key: bytes, spilled: Spilled) -> None:
        self._records, self._key, self._spilled = records, key, spilled
        self._from = spilled.chunks
        self._chunks: list[Chunk] = []
        self._stored: list[bytes | None] = []
        self.firsts: list[SortKey] = []
        self.numbers: list[int] = []

    def reach(self, position: SortKey, most: int = sys.maxsize) -> None:
        """Load what is needed to find the segment of a position and all behind it, or the last `most` segments."""
        while self._from and (not self.firsts or position < self.firsts[0]) and len(self.firsts) < most:
            self._load_one_more()

    def reach_all(self) -> None:
        while self._from:
            self._load_one_more()

    @property
    def is_whole(self) -> bool:
        """Return whether the first segment that is loaded is the first of the log."""
        return self._from == 0

    def ordinal(self, position: SortKey) -> int:
        """Return which of the loaded segments a position falls into."""
        return max(bisect_right(self.firsts, position) - 1, 0)

    def add(self, ordinal: int, first: SortKey, number: int) -> None:
        """Put a segment in at a place."""
        self.firsts.insert(ordinal, first)
        self.numbers.insert(ordinal, number)

    def drop(self, ordinal: int) -> None:
        """Leave a segment out."""
        del self.firsts[ordinal], self.numbers[ordinal]

    def _load_one_more(self) -> None:
        self._from -= 1
        stored = self._records.get(record_name(INDEX, self._key, self._from))
        chunk = Chunk() if stored is None else chunk_from(stored)
        self._stored.insert(0, stored)
        self._chunks.insert(0, chunk)
        self.firsts[:0], self.numbers[:0] = chunk.firsts, chunk.numbers

    def save(self) -> None:
        """Write the chunks that differ. A chunk that has grown too long is divided, and later ones move on."""
        sizes = [len(chunk.numbers) for chunk in self._chunks]
        grown = len(self.numbers) - sum(sizes)
        if sizes:
            sizes[-1] += grown
        else:
            sizes = [grown]
        if grown and len(sizes) > 1:
            sizes = _even(len(self.numbers))
        elif sizes[-1] > CHUNK:
            sizes[-1:] = _even(sizes[-1])
        begin = 0
        for number, size in enumerate(sizes):
            chunk = Chunk(self.firsts[begin : begin + size], self.numbers[begin : begin + size])
            begin += size
            value = _encode(chunk)
            if number >= len(self._stored) or self._stored[number] != value:
                self._records.put(record_name(INDEX, self._key, self._from + number), value)
        self._spilled.chunks = self._from + len(sizes)


def _even(count: int) -> list[int]:
    """Divide a number of segments into chunks."""
    return [CHUNK] * (count // CHUNK) + ([count % CHUNK] if count % CHUNK else [])


def add_last(records: Records, key: bytes, spilled: Spilled, first: SortKey, number: int) -> None:
    """Note a segment at the end: one record of the index is written, a new one every CHUNK segments."""
    place = spilled.chunks - 1
    stored = records.get(record_name(INDEX, key, place)) if place >= 0 else None
    chunk = Chunk() if stored is None else chunk_from(stored)
    if stored is None or len(chunk.numbers) >= CHUNK:
        place, chunk = place + 1, Chunk()
        spilled.chunks = place + 1
    chunk.firsts.append(first)
    chunk.numbers.append(number)
    records.put(record_name(INDEX, key, place), _encode(chunk))


def active_items(items: Sequence[Item], inactive: Sequence[int]) -> Iterator[Item]:
    """Yield the items that count, in order."""
    if not inactive:
        yield from items
        return
    left_out = set(inactive)
    for position, item in enumerate(items):
        if position not in left_out:
            yield item


def decoders(item_type: Any) -> tuple[Any, Any]:
    """Return what decodes heads and segments of logs of one type of item."""
    return msgspec.msgpack.Decoder(Head[item_type]).decode, msgspec.msgpack.Decoder(Segment[item_type]).decode
