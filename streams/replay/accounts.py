"""Find the accounts that a stretch of the log speaks of, and how much of it does: by keys alone, undecoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams.replay.plan import Stretch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from streams.replay.log import Log

_SAMPLE = 500


class Share(msgspec.Struct):
    """Count what belongs to the accounts in some stretches: records, those passed over, and bytes of all of them."""

    records: int = 0
    passed_over: int = 0
    bytes: int = 0


def keys_in(log: Log, stretches: Iterable[Stretch]) -> set[str]:
    """Return the accounts whose events lie in the stretches. A record without a key belongs to none."""
    found: set[bytes | None] = set()
    for each in stretches:
        for records in log.read((each.topic, each.partition), each.start, each.end):
            found.update(record.key() for record in records)
    return {key.decode(errors="replace") for key in found if key}


def narrowed(
    log: Log, stretches: Iterable[Stretch], accounts: Collection[str], show: Callable[[int], None] = lambda _: None
) -> tuple[list[Stretch], Share, set[str]]:
    """Begin each stretch at the accounts' first record in it; a stretch without one becomes empty at its end.

    Returns the stretches, what they hold, and the accounts that were found. `show` hears how many records were read.
    """
    wanted = {account.encode() for account in accounts}
    found: set[bytes] = set()
    share, kept = Share(), []
    for each in stretches:
        first, seen, mine = each.end, 0, 0
        for records in log.read((each.topic, each.partition), each.start, each.end):
            for record in records:
                key = record.key()
                if key in wanted:
                    found.add(key)
                    mine += 1
                    if first == each.end:
                        first = record.offset()
                if first != each.end:
                    seen += 1
                    share.bytes += _size(record)
            show(len(records))
        kept.append(msgspec.structs.replace(each, start=first))
        share.records += mine
        share.passed_over += seen - mine
    return kept, share, {key.decode() for key in found}


def weighed(log: Log, stretches: Iterable[Stretch]) -> Share:
    """Estimate what whole stretches hold, from some records at the beginning of each."""
    share = Share()
    for each in stretches:
        sample = next(log.read((each.topic, each.partition), each.start, min(each.end, each.start + _SAMPLE)), [])
        share.records += each.records
        share.bytes += each.records * sum(map(_size, sample)) // max(1, len(sample))
    return share


def _size(record: object) -> int:
    key, value = record.key(), record.value()  # type: ignore[attr-defined]
    return len(key or b"") + len(value or b"")
