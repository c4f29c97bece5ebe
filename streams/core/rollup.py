"""Roll-ups: rows at a coarser grain than the entity's, such as the MRR ledger of an account over its subscriptions.

Each entity contributes a part, and the roll-up's rows are a function of all parts. Parts are functions of sets of
events, so the laws of the entities hold for their roll-up too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from streams.core.algebra import Facts, Note, difference
from streams.core.changes import Measures, change_rows
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
    A sparse one knows of its members only what they have to say: what is handed on unchanged leaves it alone. One with
    a `name` within its account (see Hand) may itself be a member of another, for which `above` makes its part.
    `measures` says what the parts of one, which has a name, add together to the sums behind metrics, where no member
    knows it alone; `kind` is what the log of changes calls it.
    """

    prefix: str
    decode: Callable[[bytes], Rolled[Part]]
    rows: Callable[[str, Mapping[str, Part]], Sequence[Row]]
    touched: (
        Callable[[str, Mapping[str, Part], Mapping[str, Part], str], tuple[Sequence[Row], Sequence[Row]]] | None
    ) = None
    is_sparse: bool = False
    above: tuple["RollUp[Any]", Callable[[str, Mapping[str, Part]], Any]] | None = None
    kind: str = ""
    measures: Callable[[str, Mapping[str, Part]], Measures] | None = None

    def key(self, account_id: str, name: str = "") -> bytes:
        return f"{self.prefix}{account_id}\0{name}".encode() if name else f"{self.prefix}{account_id}".encode()


class Hand(NamedTuple):
    """A part on its way: to which roll-up, of which name within the account, from which member of it."""

    roll_up: RollUp[Any]
    name: str
    member: str
    part: Any


def idle(roll_up: RollUp[Part], before: Rolled[Part] | None, member: str, part: Part | tuple[()]) -> bool:
    """Whether a part is no news to a sparse roll-up."""
    return roll_up.is_sparse and (() if before is None else before.parts.get(member, ())) == part


def upwards(hand: Hand, rolled: Rolled[Any]) -> Hand | None:
    """What a roll-up hands on in its turn, None where it is the last."""
    if hand.roll_up.above is None:
        return None
    target, made = hand.roll_up.above
    return Hand(target, "", f"{hand.roll_up.prefix}{hand.name}", made(hand.name, rolled.parts))


def member_of(key: bytes) -> tuple[str, str]:
    """(account, entity within it) of an entity's state key."""
    account, _, identity = key[1:].decode().partition("\0")
    return account, identity


def rolled_in(hand: Hand, before: Rolled[Any] | None, account: str, cause: Note | None) -> tuple[Rolled[Any], Facts]:
    """Roll a part up, and write what that changed in the measures of the roll-up, once, with the note that did it."""
    roll_up, measures = hand.roll_up, hand.roll_up.measures
    state, facts = roll(roll_up, before, (account, hand.member), hand.part)
    if measures is None or cause is None:
        return state, facts
    former = {} if before is None else before.parts
    if former is state.parts:
        return state, facts
    changed = change_rows(cause, roll_up.kind, hand.name, measures(hand.name, former), measures(hand.name, state.parts))
    return state, Facts([*facts.rows, *changed], facts.removed)


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
