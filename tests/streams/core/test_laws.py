"""The laws of the algebra, over every reducer. Every figure that the product publishes rests on them."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import Note, effective
from streams.core.reducer import State
from streams.core.routes import BY_PREFIX
from streams.core.rules import Policy, Rules
from tests.support.histories import HOUR, START, histories
from tests.support.machine import Machine, run

FAR = START + 365 * 24 * HOUR


@given(histories())
def test_folding_is_deterministic(notes: list[Note]) -> None:
    """Replay equals live only if the same events always give the same states, rows and signals."""
    first, second = run(notes, until=FAR), run(notes, until=FAR)
    assert (first.states, first.tables, first.signals) == (second.states, second.tables, second.signals)


@given(histories())
def test_states_survive_their_bytes_at_every_step(notes: list[Note]) -> None:
    """A worker may die between any two events: going on from stored bytes must change nothing (split anywhere)."""
    calm, restarted = run(notes, until=FAR), run(notes, recode=True, until=FAR)
    assert (calm.states, calm.tables, calm.signals) == (restarted.states, restarted.tables, restarted.signals)


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_tables(notes: list[Note], chance: object) -> None:
    """Topics interleave differently live and in replay, and sources deliver late: order must not show."""
    shuffled = list(notes)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run(notes, until=FAR), run(shuffled, until=FAR)
    assert one.tables == other.tables
    assert one.states == other.states


@given(histories(), st.data())
def test_duplicates_change_nothing(notes: list[Note], data: st.DataObject) -> None:
    """Sources redeliver without a time limit; the second copy must leave states, rows and signals alone."""
    doubled = list(notes)
    for note in data.draw(st.lists(st.sampled_from(notes), max_size=5)):
        first = doubled.index(note)
        doubled.insert(data.draw(st.integers(first + 1, len(doubled))), note)
    calm, noisy = run(notes, until=FAR), run(doubled, until=FAR)
    assert (calm.states, calm.tables, calm.signals) == (noisy.states, noisy.tables, noisy.signals)


@given(histories(), st.lists(st.integers(0, 60 * 24), max_size=4))
def test_when_time_is_looked_at_does_not_matter(notes: list[Note], hours: list[int]) -> None:
    """Ticks come at any moment live and once at the end in replay: deadlines carry their own time either way."""
    ticking = Machine()
    now = START
    for position, note in enumerate(notes):
        if position < len(hours):
            now = max(now, START + hours[position] * HOUR)
            ticking.tick(now)
        ticking.feed(note)
    ticking.tick(FAR)
    assert ticking.tables == run(notes, until=FAR).tables


@given(histories())
def test_rows_written_bit_by_bit_are_the_rows_of_the_final_state(notes: list[Note]) -> None:
    """What was written along the way must be exactly what the final states say, nothing forgotten, nothing left."""
    machine = run(notes, until=FAR)
    told = {}
    for key, state in machine.states.items():
        reducer = BY_PREFIX[chr(key[0])]
        for row in reducer.rows(reducer.fold(effective(state.notes)), machine.rules, state.ticked_to):
            told[row.identity()] = row
    assert machine.tables == told


@given(histories(max_size=6), st.integers(1, 400))
def test_a_policy_that_arrives_late_ends_like_one_that_was_known(notes: list[Note], target_hours: int) -> None:
    """Settings travel on their own topic: whether they come before or after the events must not show in the rows."""
    rules = Rules((Policy(0, "default", 172_800), Policy(START, "v2", target_hours * 3600)))
    known = run(notes, until=FAR, rules=rules)
    late = run(notes, until=FAR)
    settle_all(late, rules)
    late.tick(FAR)
    assert late.tables == known.tables


def settle_all(machine: Machine, rules: Rules) -> None:
    from streams.core.reducer import settle  # noqa: PLC0415 - used by this law alone

    machine.rules = rules
    for key, state in list(machine.states.items()):
        changed, facts = settle(BY_PREFIX[chr(key[0])], state, rules)
        assert isinstance(changed, State)
        machine.states[key] = changed
        machine._write(facts)
