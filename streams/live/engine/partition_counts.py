"""Rules for partition counts, without any client: equal on every topic keyed by account, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.topics import load_topics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REMEDY = 'see "Partitions were added" in docs/runbooks/rebuild-everything.md'


def unequal(prefix: str, names: Iterable[str], counts: Mapping[str, int]) -> list[str]:
    """Return a sentence for each topic of events that has more or fewer partitions than it must.

    A changelog has as many as its topic, and all topics keyed by account have as many as the first of them. `names` are
    short; topics without a count are left out.
    """
    declared, found = load_topics(), []
    keyed = [prefix + name for name in names if name in declared and declared[name].key == "account_id"]
    pairs = [(prefix + name, f"{prefix}{name}-changelog") for name in names]
    pairs += [(keyed[0], other) for other in keyed[1:]]
    for one, other in pairs:
        if one in counts and other in counts and counts[one] != counts[other]:
            found.append(
                f"{one} has {counts[one]} partitions and {other} has {counts[other]}: they must have the same number"
            )
    return found


def changed(topic: str, recorded: int, now: int) -> str:
    return (
        f"{topic} had {recorded} partitions when its state was written and has {now}: accounts would be parted,"
        " their old events on one partition and their new ones on another"
    )
