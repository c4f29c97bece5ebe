"""Parts that a replayed partition hands over: kept with its state until the stage of its number takes them.

A replay reads one partition after another, in processes of their own. What each has to say to the stage is kept beside
its state, in the same write, by position: the newest statement on each is all that the stage needs. Once the four
partitions of a number are read, the stage takes what they have kept, and only when that is on disk is it taken away. So
a replay that is cut short anywhere states some of it again, which is no change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.live.fold.parts import gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from streams.core.machine import Parts
    from streams.live.fold.parts import PartsCodec
    from streams.live.fold.stage import Stage
    from streams.live.store.port import Store
    from streams.replay.filler import Filler

OUTBOX = b"\0outbox"
"""Keys begin with it, and go on with whose position it is. No state of a partition has such a key."""
_AT_ONCE = 2_000


def kept(codec: PartsCodec, parts: Parts) -> dict[bytes, bytes | None]:
    """Return the records that keep parts."""
    return {OUTBOX + name: record for name, record in codec.one_by_one(parts)}


def waiting(codec: PartsCodec, store: Store) -> Iterator[Parts]:
    """Yield what a partition has kept, some of it at a time."""
    found: list[Parts] = []
    for key, record in store.scan():
        if key.startswith(OUTBOX):
            found.append(codec.parts(record))
            if len(found) == _AT_ONCE:
                yield gathered(found)
                found = []
    if found:
        yield gathered(found)


def names(store: Store) -> Iterable[bytes]:
    """Return the keys under which a partition keeps parts."""
    return [key for key, _ in store.scan() if key.startswith(OUTBOX)]


def take(stage: Stage, codec: PartsCodec, filler: Filler, members: Sequence[Store], position: int) -> None:
    """Let a stage take what its members have kept, and time pass; once that is on disk, they keep it no longer.

    `position` is noted with the stage's state: how far its members have been read, all together.
    """
    for member in members:
        for parts in waiting(codec, member):
            filler.take(stage.take(parts))
    filler.end(position)
    for member in members:
        member.put_all(dict.fromkeys(names(member)))
