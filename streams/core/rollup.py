"""Roll-ups: rows at a coarser grain than the entity's, such as the MRR ledger of an account over its subscriptions.

Each entity contributes a part, and the roll-up's rows are a function of all parts. Parts are functions of sets of
events, so the laws of the entities hold for their roll-up too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from streams.core.algebra import Facts, difference
from streams.core.limits import NEVER
from streams.core.rows import Row

Part = TypeVar("Part")
Rows = Sequence[Row]


class Rolled(msgspec.Struct, Generic[Part], frozen=True, array_like=True, gc=False):
    """What is kept of one roll-up: its members' parts. It begins like `State`, so that an index reads either."""

    deadline: int = NEVER
    revision: int = 0
    claims: bytes = b""
    parts: dict[str, Part] = {}


@dataclass(frozen=True, slots=True)
class RollUp(Generic[Part]):
    """One kind of roll-up: its state is kept under `prefix` by account, `rows` makes rows of the parts by member.

    `touched` gives those of the rows, for the parts before and after, that a change of one member can reach at all.
    """

    prefix: str
    decode: Callable[[bytes], Rolled[Part]]
    rows: Callable[[str, Mapping[str, Part]], Sequence[Row]]
    touched: (
        Callable[[str, Mapping[str, Part], Mapping[str, Part], str], tuple[Sequence[Row], Sequence[Row]]] | None
    ) = None

    def key(self, account_id: str) -> bytes:
        return f"{self.prefix}{account_id}".encode()


def member_of(key: bytes) -> tuple[str, str]:
    """(account, entity within it) of an entity's state key."""
    account, _, identity = key[1:].decode().partition("\0")
    return account, identity


def roll(
    roll_up: RollUp[Part], before: Rolled[Part] | None, member: tuple[str, str], part: Part
) -> tuple[Rolled[Part], Facts]:
    """Put a member's part in place of its former one; an empty part leaves nothing of the member.

    The revision counts what was handed on, changed or not: like that of an entity it then depends on the set of
    events alone, whatever their order, and the same events leave the same versions however batches divide them.
    """
    account, identity = member
    known = before if before is not None else Rolled[Part]()
    parts = known.parts
    if parts.get(identity) == part or not (part or identity in parts):
        return Rolled(NEVER, known.revision + 1, b"", parts), Facts()
    others = {name: each for name, each in parts.items() if name != identity}
    changed = dict(sorted((others | {identity: part}).items())) if part else others
    if roll_up.touched is None:
        former, latter = roll_up.rows(account, parts), roll_up.rows(account, changed)
    else:
        former, latter = roll_up.touched(account, parts, changed, identity)
    written, removed = difference(former, latter)
    return Rolled(NEVER, known.revision + 1, b"", changed), Facts(written, removed)
