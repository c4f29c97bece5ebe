"""Edits of ledgers that wait: what a fold in pieces hands over, until the ledger itself is folded in pieces.

A ledger's edits wait in a log of their own beside it, in order of position. So however many there are, one more costs
the same, and the ledger takes them in their order, whoever handed them over and when.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any

import msgspec

from streams.core.algebra import SortKey
from streams.core.declarations import Ledger
from streams.core.log import Change, Codec, Insertion, Log, codec_of, size_of
from streams.core.outputs import Edits, Outputs, Scope
from streams.core.segments import HEAD_RECORDS, INDEX, SEGMENTS, SNAPSHOTS, Index, Records, record_name

WAITING = b"w"
_encode = msgspec.msgpack.Encoder().encode


class Waiting(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A statement on a position of a ledger: an entry as bytes, none where what stands there leaves it.

    `fold` numbers the fold that said so. What it puts outweighs what it clears, whichever came first: two folds of one
    member, under old rules and new ones, may seal an entry in different pieces. Of two folds the later one counts.
    """

    key: SortKey
    entry: bytes
    fold: int


class _Nothing(msgspec.Struct, array_like=True, gc=False):
    pass


class _Queue:
    """The fold of a log of edits that wait: there is nothing to fold."""

    codec: Codec = codec_of(Waiting, _Nothing)

    def begin(self, _is_test: bool, /) -> _Nothing:
        return _Nothing()

    def apply(self, _acc: _Nothing, _item: Waiting, _scope: Scope, _sealed: Outputs | None, /) -> None:
        pass

    def project(self, _acc: _Nothing, _scope: Scope, _outputs: Outputs, /) -> None:
        pass

    def sort_key(self, item: Waiting, /) -> SortKey:
        return item.key


_QUEUE = _Queue()
Queue = Log[Waiting, _Nothing]


def queue_of(key: bytes, records: Records, scope: Scope) -> Queue:
    """Return the edits that wait for the ledger of a key."""
    return Log.opened(_QUEUE, HEAD_RECORDS + WAITING + key, records, scope)


class View:
    """Items of a log by position, for many looks in one piece: the index and the segments are read once."""

    def __init__(self, log: Log[Any, Any]) -> None:
        self._log = log
        spilled = log.head.spilled
        self._index = None if spilled is None else Index(log.records, log.key, spilled)
        self._read: dict[int, Sequence[Any]] = {}

    def between(self, first: SortKey, last: SortKey | None) -> Iterator[Any]:
        """Yield the items at positions from `first` to `last`, in order; to the end where that is None."""
        key_of, index = self._log.fold.sort_key, self._index
        if index is not None:
            index.reach(first)
            for ordinal in range(index.ordinal(first), len(index.numbers)):
                if last is not None and index.firsts[ordinal] > last:
                    return
                yield from (
                    each
                    for each in self._segment(index.numbers[ordinal])
                    if first <= key_of(each) and (last is None or key_of(each) <= last)
                )
        for each in self._log.head.tail:
            if first <= key_of(each) and (last is None or key_of(each) <= last):
                yield each

    def at(self, key: SortKey) -> Any:
        """Return the item at a position, None where there is none."""
        return next(self.between(key, key), None)

    def _segment(self, number: int) -> Sequence[Any]:
        found = self._read.get(number)
        if found is None:
            found = self._read[number] = self._log.segment(number).items
        return found


def put_in(queue: Queue, edits: Edits, fold: int, book: tuple[Ledger[Any, Any], Log[Any, Any]] | None) -> None:
    """Let edits of a ledger wait. Raises ValueError where a fold puts two entries at one position.

    `book` is the ledger with its log, None where that is kept elsewhere.
    """
    held, made = View(queue), Edits(dict(edits.put))
    for key in {*edits.put, *edits.cleared}:
        known = held.at(key)
        is_put = known is not None and known.fold == fold and known.entry
        if key not in made.put:
            if not is_put:
                made.cleared.add(key)
        elif is_put:
            raise ValueError(f"two entries of {queue.key!r} have the position {key}")
    if book is not None and book[0].complete is not None:
        _complete(queue, held, made, book[0], book[1])
    _keep(queue, held, made, fold)


def _complete(queue: Queue, held: View, edits: Edits, ledger: Ledger[Any, Any], log: Log[Any, Any]) -> None:
    """Let a ledger add entries of its own to edits, by what its entries will be once the edits that wait are made."""
    assert ledger.complete is not None
    there = View(log)
    for key in edits.put:
        known = held.at(key)
        if known.entry if known is not None else there.at(key) is not None:
            edits.cleared.add(key)
    ledger.complete(edits, max(log.last_key, queue.last_key), _together(ledger, there, held))


def _keep(queue: Queue, held: View, edits: Edits, fold: int) -> None:
    """Put edits into the queue: those behind all others at its end, others where they belong."""
    last, change, behind = queue.last_key, Change(), []
    for key in sorted({*edits.put, *edits.cleared}):
        item = Waiting(key, _encode(edits.put[key]) if key in edits.put else b"", fold)
        if key > last:
            behind.append(item)
        elif held.at(key) is not None:
            change.replaced[key] = item
        else:
            change.inserted[key] = Insertion(item, size=size_of(item))
    if change.replaced or change.inserted:
        queue.change(change)
    for item in behind:
        queue.append(item, b"", size_of(item))
    queue.is_changed = True


def _together(ledger: Ledger[Any, Any], there: View, held: View) -> Callable[[SortKey, SortKey], Iterator[Any]]:
    """Return what yields entries of a ledger as they will be once the edits that wait are made."""
    decode = msgspec.msgpack.Decoder(ledger.entry).decode

    def between(first: SortKey, last: SortKey) -> Iterator[Any]:
        waiting = ((each.key, 0, each) for each in held.between(first, last))
        entries = ((ledger.sort_key(each), 1, each) for each in there.between(first, last))
        overruled: SortKey | None = None
        for key, is_entry, each in merge(waiting, entries):
            if not is_entry:
                overruled = key
                if each.entry:
                    yield decode(each.entry)
            elif key != overruled:
                yield each

    return between


class Upcoming:
    """The next edits that wait, behind a position: at most so many of them."""

    def __init__(self, queue: Queue, done: SortKey, most: int) -> None:
        self._queue = queue
        spilled = queue.head.spilled
        self._index = None if spilled is None else Index(queue.records, queue.key, spilled)
        self._from = 0
        if self._index is not None:
            self._index.reach(done)
            self._from = self._index.ordinal(done)
        found = (each for each in View(queue).between(done, None) if each.key > done)
        edits = list(islice(found, most + 1))
        self.edits, self.are_all = edits[:most], len(edits) <= most

    def forget(self, done: SortKey) -> None:
        """Delete the segments of what is done, up to a position."""
        if self._index is not None:
            self._delete(self._index.numbers[self._from : self._index.ordinal(done)])

    def forget_all(self) -> None:
        """Delete the queue."""
        records, key = self._queue.records, self._queue.key
        if self._index is not None:
            self._delete(self._index.numbers[self._from :])
            assert self._queue.head.spilled is not None
            for number in range(self._queue.head.spilled.chunks):
                records.put(record_name(INDEX, key, number), None)
        records.put(key, None)
        self._queue.is_changed = False

    def _delete(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            for kind in (SEGMENTS, SNAPSHOTS):
                self._queue.records.put(record_name(kind, self._queue.key, number), None)
