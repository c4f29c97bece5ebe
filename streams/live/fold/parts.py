"""Parts on their way from the partitions of a number to its stage: gathered by ledger, packed into records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.core.algebra import SortKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from streams.core.declarations import Ledger
    from streams.core.machine import Parts, Whose

MOST_BYTES = 256 << 10
"""Of the entries in one record, but for the last of them."""


class Packed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A statement on one position, whose entry only the ledger can read."""

    account_id: str
    ledger: str
    name: str
    position: SortKey
    entry: msgspec.Raw


_encode = msgspec.msgpack.Encoder().encode
_record_from = msgspec.msgpack.Decoder(list[Packed]).decode


class PartsCodec:
    """Packs parts for the ledgers of a stage, and reads them."""

    def __init__(self, ledgers: Mapping[str, Ledger[Any, Any]]) -> None:
        self._entries = {prefix: msgspec.msgpack.Decoder(each.entry | None) for prefix, each in ledgers.items()}

    def records(self, parts: Parts) -> Iterator[bytes]:
        """Yield parts as records of some length."""
        packed: list[Packed] = []
        size = 0
        for whose, stated in parts.items():
            for position, entry in stated.items():
                one = _packed(whose, position, entry)
                packed.append(one)
                size += len(one.entry)
                if size > MOST_BYTES:
                    yield _encode(packed)
                    packed, size = [], 0
        if packed:
            yield _encode(packed)

    def record(self, parts: Parts) -> bytes:
        """Return parts as one record, however long."""
        return _encode([_packed(whose, *each) for whose, stated in parts.items() for each in stated.items()])

    def one_by_one(self, parts: Parts) -> Iterator[tuple[bytes, bytes]]:
        """Yield the name of each position that is stated, and the record that states it."""
        for whose, stated in parts.items():
            for position, entry in stated.items():
                yield _encode((whose, position)), _encode([_packed(whose, position, entry)])

    def parts(self, record: bytes) -> Parts:
        """Return what a record states."""
        found: Parts = {}
        for each in _record_from(record):
            stated = found.setdefault((each.account_id, each.ledger, each.name), {})
            stated[each.position] = self._entries[each.ledger].decode(each.entry)
        return found


def _packed(whose: Whose, position: SortKey, entry: Any) -> Packed:
    return Packed(*whose, position, msgspec.Raw(_encode(entry)))


def gathered(several: Iterable[Parts]) -> Parts:
    """Return parts of several batches together; they state different positions, for no entity lives in two topics."""
    found: Parts = {}
    for parts in several:
        for whose, stated in parts.items():
            found.setdefault(whose, {}).update(stated)
    return found
