"""What a batch has gathered of entities whose events are folded together at its end, and what long ones said before."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from streams.core.algebra import CLAIM_ID, Facts, Note, digest_of
from streams.core.gathering import Told, gather, told
from streams.core.reducer import State
from streams.core.routes import BY_PREFIX
from streams.core.rules import Rules

LONG = 500
"""Notes from which on an entity is kept as it was told, so that the next batch need not read and fold it again."""
KEPT = 8
"""As many of them per partition: long ones are few, and each may take some megabytes."""


class Gathering(msgspec.Struct):
    """One entity's state as it was before the batch, read once, and what came for it since.

    `known` is what it said then, where that is kept, and what it says now once it is folded; `offsets` are of what
    came.
    """

    state: State | None
    known: Told | None = None
    arrived: list[tuple[Note, bytes]] = []
    offsets: list[int] = []
    digests: dict[bytes, bytes] = {}

    def add(self, note: Note, claim: bytes, offset: int) -> None:
        self.arrived.append((note, claim))
        self.offsets.append(offset)
        self.digests[claim[:CLAIM_ID]] = claim[CLAIM_ID:]

    def contradicts(self, claim: bytes) -> bool:
        """Whether an event whose identity came before had other content; what was left no trace of cannot."""
        identity = claim[:CLAIM_ID]
        known = self.digests.get(identity)
        if known is None and self.state is not None:
            known = digest_of(self.state.claims, identity)
        return known is not None and known != claim[CLAIM_ID:]

    def most_work(self) -> int:
        """As many notes are folded for it at most."""
        return len(self.arrived) * (len(self._held()) + len(self.arrived))

    def stretches(self, key: bytes) -> Iterator[tuple[int, int]]:
        """(offset of the first event, notes folded) of each stretch, and each event, that is folded by itself."""
        limits = BY_PREFIX[chr(key[0])].gathered
        assert limits is not None
        known = self._held()
        starts = [0, *limits.stretches(known, [note for note, _ in self.arrived]), len(self.arrived)]
        for start, end in pairwise(starts):
            yield self.offsets[start], len(known) + end
        for place, (note, _) in enumerate(self.arrived):
            if limits.counts(note):
                yield self.offsets[place], len(known) + place

    def _held(self) -> Sequence[Note]:
        return () if self.state is None else self.state.notes

    def fold(self, key: bytes, rules: Rules) -> tuple[State, Facts]:
        reducer = BY_PREFIX[chr(key[0])]
        known = self.known or told(reducer, self.state, rules)
        self.known, facts = gather(reducer, known, self.arrived, rules)
        return self.known.state, facts


class Long:
    """The longest entities of a partition as they were last told, by state key; those not met for longest go first."""

    def __init__(self) -> None:
        self._told: dict[bytes, Told] = {}

    def get(self, key: bytes) -> Told | None:
        return self._told.get(key)

    def forget(self) -> None:
        self._told.clear()

    def commit(self, states: dict[bytes, State], gathered: dict[bytes, Gathering]) -> None:
        """Take over what a batch told; what it changed by other means is read again."""
        for key in states.keys() & self._told.keys():
            del self._told[key]
        for key, each in gathered.items():
            known = each.known
            if known is not None and key in states and len(known.state.notes) >= LONG:
                self._told[key] = known
        while len(self._told) > KEPT:
            del self._told[next(iter(self._told))]
