"""Crowds of postings: those of one moment, where they are many, and entries of the ledger's own around them.

A reseller's subscriptions all change price at one midnight. Were all of them kept until the moment is over, one more
would cost as much as all of them. So the sums over a crowd stand before it, as an entry, and again behind it. The fold
knows the sums when it comes to the first posting, keeps none of them, and a posting more changes three entries. Only
where the sums change what the moment is (growth becomes shrinkage, a customer leaves) all its rows are others.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing.choices import PROFILES
from streams.core.billing.netting import Summary, changes_of
from streams.core.billing.revenue import Posting
from streams.core.outputs import Edits

MOST = 16
"""Postings of one moment that are kept until it is over. A test may lower it."""


class Sums(msgspec.Struct, array_like=True, gc=False):
    """Sums over postings: one where all policies agree, otherwise one for each of PROFILES; none without postings."""

    by_policy: list[Summary] = []

    @classmethod
    def of(cls, postings: Iterable[Posting]) -> "Sums":
        found = cls()
        for posting in postings:
            found.add(posting)
        return found

    def add(self, posting: Posting) -> None:
        if not self.by_policy:
            self.by_policy = [Summary() for _ in posting.moves]
        elif len(self.by_policy) < len(posting.moves):
            first = msgspec.msgpack.encode(self.by_policy[0])
            self.by_policy += [msgspec.msgpack.decode(first, type=Summary) for _ in PROFILES[1:]]
        for number, summary in enumerate(self.by_policy):
            move = posting.move(number)
            if move is not None:
                summary.add(move, changes_of(posting.subscription_id, move))

    def take(self, posting: Posting) -> bool:
        """Take a posting back; return False where only all others could tell what is left."""
        moves = [(summary, move) for at, summary in enumerate(self.by_policy) if (move := posting.move(at)) is not None]
        return len(self.by_policy) >= len(posting.moves) and all(
            summary.take(move, changes_of(posting.subscription_id, move)) for summary, move in moves
        )

    def by(self, number: int) -> Summary:
        """Return the sums by one policy."""
        return self.by_policy[number if len(self.by_policy) > 1 else 0]


class Crowd(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="c"):
    """The beginning or the end of a crowd: how many postings, their sums, and those of test subscriptions."""

    at: int
    is_over: bool
    count: int
    sums: Sums
    tests: Sums


Entry = Posting | Crowd


def sort_key(entry: Entry) -> SortKey:
    """Order by time; what stands around a crowd is first and last of its moment."""
    if isinstance(entry, Crowd):
        return entry.at, 2 * entry.is_over, ""
    return entry.at, 1, entry.subscription_id


Between = Callable[[SortKey, SortKey], Iterator[Entry]]


def complete(edits: Edits, last: SortKey, between: Between) -> None:
    """Put or replace what stands around crowds that edits of postings touch.

    `last` is the greatest position in the ledger, `between` yields entries from one position to another.
    """
    if not edits.cleared and len(edits.put) == 1 and min(edits.put)[:1] > last[:1]:
        return
    cleared: defaultdict[int | str, set[SortKey]] = defaultdict(set)
    came: defaultdict[int | str, list[Posting]] = defaultdict(list)
    for key in edits.cleared:
        cleared[key[0]].add(key)
    for key in sorted(edits.put):
        came[key[0]].append(edits.put[key])
    for at in sorted(cleared.keys() | came.keys()):
        first, final = (at, 0, ""), (at, 2, "")
        gone, new = cleared[at], came[at]
        known = list(islice(between(first, final), MOST + 1))
        crowd = known[0] if known and isinstance(known[0], Crowd) else None
        if crowd is None and len(known) - len(gone) + len(new) <= MOST:
            continue
        found = None if crowd is None else _changed(crowd, new, [each for key in gone for each in between(key, key)])
        if found is None:
            left = (each for each in between(first, final) if isinstance(each, Posting) and sort_key(each) not in gone)
            found = _crowd([*left, *new])
        if crowd is not None:
            edits.cleared |= {first, final}
        if found.count:
            edits.put[first] = found
            edits.put[final] = msgspec.structs.replace(found, is_over=True)


def _crowd(postings: Sequence[Posting]) -> Crowd:
    sums, tests = (Sums.of(each for each in postings if each.is_test == is_test) for is_test in (False, True))
    return Crowd(postings[0].at if postings else 0, is_over=False, count=len(postings), sums=sums, tests=tests)


def _changed(crowd: Crowd, new: Sequence[Posting], gone: Sequence[Entry]) -> Crowd | None:
    """Return a crowd that postings joined and left; None where only all others could tell what is left."""
    copied: Crowd = msgspec.msgpack.decode(msgspec.msgpack.encode(crowd), type=Crowd)  # the former stays as it is
    for each in gone:
        assert isinstance(each, Posting)
        if not (copied.tests if each.is_test else copied.sums).take(each):
            return None
    for posting in new:
        (copied.tests if posting.is_test else copied.sums).add(posting)
    return msgspec.structs.replace(copied, count=crowd.count + len(new) - len(gone))
