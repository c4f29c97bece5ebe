"""What a batch has gathered of entities whose events are folded together at its end."""

import msgspec

from streams.core.algebra import CLAIM_ID, Note, digest_of
from streams.core.reducer import State


class Gathering(msgspec.Struct):
    """One entity's state as it was before the batch, read once, and what came for it since."""

    state: State | None
    arrived: list[tuple[Note, bytes]] = []
    digests: dict[bytes, bytes] = {}

    def add(self, note: Note, claim: bytes) -> None:
        self.arrived.append((note, claim))
        self.digests[claim[:CLAIM_ID]] = claim[CLAIM_ID:]

    def contradicts(self, claim: bytes) -> bool:
        """Whether an event whose identity came before had other content; what was left no trace of cannot."""
        identity = claim[:CLAIM_ID]
        known = self.digests.get(identity)
        if known is None and self.state is not None:
            known = digest_of(self.state.claims, identity)
        return known is not None and known != claim[CLAIM_ID:]
