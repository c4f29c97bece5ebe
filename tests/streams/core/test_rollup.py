"""Roll-ups by themselves: an account's rows out of its entities' parts, whatever their order and how often they come.

The laws over real histories are in test_laws; here parts are chosen freely, also such as no event would make.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.core.columns import Row
from streams.core.rollup import Rolled, RollUp, member_of, roll

Part = tuple[int, ...]


class Largest(Row, frozen=True, gc=False):
    """A row that every member has a say in: the first member with a value, and the sum over all."""

    TABLE: ClassVar[str] = "largest"
    KEY: ClassVar[int] = 2
    account_id: str
    value: int
    first: str
    total: int


def rows(account: str, parts: Mapping[str, Part]) -> Sequence[Row]:
    total = sum(sum(part) for part in parts.values())
    return [
        Largest(account, v, min(m for m, p in parts.items() if v in p), total) for v in set().union(*parts.values())
    ]


ROLL_UP: RollUp[Part] = RollUp("m", msgspec.msgpack.Decoder(Rolled[Part]).decode, rows)
changes = st.lists(
    st.tuples(st.sampled_from(("s1", "s2", "s3")), st.lists(st.integers(0, 3), max_size=3).map(tuple)), max_size=8
)
Tables = dict[tuple[object, ...], Row]


def run(handed: list[tuple[str, Part]], *, recode: bool = False) -> tuple[Rolled[Part] | None, Tables]:
    """Hand the parts on one after the other and keep the table that the facts describe."""
    state, tables = None, {}
    for member, part in handed:
        if recode and state is not None:
            state = ROLL_UP.decode(msgspec.msgpack.encode(state))
        state, facts = roll(ROLL_UP, state, ("acme", member), part)
        for row in facts.removed:
            del tables[row.identity()]
        tables |= {row.identity(): row for row in facts.rows}
    return state, tables


@given(changes)
def test_the_table_is_what_the_last_parts_say_and_nothing_else(handed: list[tuple[str, Part]]) -> None:
    """A row that an earlier part left behind would be counted for ever."""
    state, tables = run(handed)
    last = {member: part for member, part in handed if dict(handed)[member]}
    expected = {row.identity(): row for row in rows("acme", {member: dict(handed)[member] for member in last})}
    assert tables == expected
    assert state is None or state.revision == len(handed)


@given(changes)
def test_a_roll_up_survives_its_bytes_at_every_step(handed: list[tuple[str, Part]]) -> None:
    """A worker may die between any two events."""
    assert run(handed) == run(handed, recode=True)


@given(changes, st.randoms(use_true_random=False))
def test_members_may_come_in_any_order(handed: list[tuple[str, Part]], chance: object) -> None:
    """Subscriptions of one account arrive mixed in any way: each one's own order is all that holds."""
    tickets = [member for member, _ in handed]
    chance.shuffle(tickets)  # type: ignore[attr-defined]
    waiting = {name: iter([part for member, part in handed if member == name]) for name in tickets}
    assert run(handed) == run([(name, next(waiting[name])) for name in tickets])


@given(changes, st.data())
def test_a_part_that_is_handed_on_again_writes_nothing(handed: list[tuple[str, Part]], data: st.DataObject) -> None:
    """An event that changes nothing of what is contributed must not write the whole ledger anew."""
    state, _ = run(handed)
    member = data.draw(st.sampled_from(("s1", "s2", "s3")))
    same = {} if state is None else state.parts
    _, facts = roll(ROLL_UP, state, ("acme", member), same.get(member, ()))
    assert not (facts.rows)
    assert not (facts.removed)


def test_a_state_key_names_account_and_entity() -> None:
    """Settling starts from keys alone."""
    assert member_of(b"sacme\0sub/1") == ("acme", "sub/1")
