"""The laws of the algebra, over every reducer. Every figure that the product publishes rests on them."""

from typing import get_args

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sinks.checks import refusal
from streams.core.algebra import RecordedEvent
from streams.core.billing.choices import PROFILES, Choices, Churn, Discounts, MrrPolicy, Pause
from streams.core.columns import Row
from streams.core.events import Answer, ReferenceEvent, ResponseCorrected, ResponseSubmitted
from streams.core.routes import BY_PREFIX, LEDGERS
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_survey import AnswerRow
from streams.core.rules import Policy
from tests.support.derived import other_histories
from tests.support.histories import HOUR, START, answers, histories, histories_of, submissions, times
from tests.support.histories_billing import INVOICES, MONEY, RETURNS, SUBSCRIPTIONS, billing_histories
from tests.support.histories_feedback import feedback_histories
from tests.support.histories_identity import identity_histories
from tests.support.histories_relationship import relationship_histories
from tests.support.histories_success import CONTRACTS, ONBOARDINGS, success_histories
from tests.support.histories_support import support_histories
from tests.support.histories_work import entry_histories, media_histories, project_histories, task_histories
from tests.support.levels import LEVELS, levels
from tests.support.machine import Identity, Machine, changes, figures, run, sums_of
from tests.support.oracle import Entities, rows_of

HISTORIES = get_args(ReferenceEvent)
"""Types of which an original and its corrections are one entity: a correction of a correction is another."""
FAR = START + 365 * 24 * HOUR
WORLDS = {
    "survey": histories(),
    "returns": billing_histories(RETURNS),
    "subscriptions": billing_histories(SUBSCRIPTIONS),
    "invoices": billing_histories(INVOICES),
    "money": billing_histories(MONEY),
    "tickets": support_histories(),
    "feedback": feedback_histories(),
    "identity": identity_histories(),
    "projects": project_histories(),
    "tasks": task_histories(),
    "contracts": success_histories(CONTRACTS),
    "onboardings": success_histories(ONBOARDINGS),
    "entries": entry_histories(),
    "media": media_histories(),
    "relationship": relationship_histories(),
    "others": other_histories(),
}
mrr_policies = st.lists(
    st.builds(
        MrrPolicy,
        st.sampled_from(PROFILES),
        times,
        st.just("v2"),
        st.builds(
            Choices,
            churn=st.sampled_from(get_args(Churn)),
            discounts=st.sampled_from(get_args(Discounts)),
            past_due=st.sampled_from((-1, 0, 20)),
            pause=st.sampled_from(get_args(Pause)),
        ),
    ),
    max_size=3,
    unique_by=lambda policy: (policy.profile, policy.valid_from),
).map(lambda drawn: tuple(sorted(drawn)))
in_every_world = pytest.mark.parametrize("world", WORLDS)


@in_every_world
@given(st.data())
def test_folding_is_deterministic(world: str, data: st.DataObject) -> None:
    """Replay equals live only if the same events always give the same states, rows and signals."""
    recorded_events = data.draw(WORLDS[world])
    first, second = run(recorded_events, until=FAR, rules=LEVELS), run(recorded_events, until=FAR, rules=LEVELS)
    assert told_by(first) == told_by(second)


@in_every_world
@given(st.data())
def test_states_survive_their_bytes_at_every_step(world: str, data: st.DataObject) -> None:
    """A worker may die between any two events: going on from stored bytes must change nothing (split anywhere)."""
    recorded_events = data.draw(WORLDS[world])
    calm, restarted = (
        run(recorded_events, until=FAR, rules=LEVELS),
        run(recorded_events, recode=True, until=FAR, rules=LEVELS),
    )
    assert told_by(calm) == told_by(restarted)


@in_every_world
@given(st.data(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_tables(world: str, data: st.DataObject, chance: object) -> None:
    """Topics interleave differently live and in replay, and sources deliver late: order must not show."""
    recorded_events = data.draw(WORLDS[world])
    shuffled = list(recorded_events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run(recorded_events, until=FAR, rules=LEVELS), run(shuffled, until=FAR, rules=LEVELS)
    assert figures(one) == figures(other)
    assert one.revisions() == other.revisions()
    assert sums_of(changes(one)) == sums_of(changes(other)), "which event changed what follows the order, not the sum"


@in_every_world
@given(st.data(), st.randoms(use_true_random=False))
def test_neither_does_it_where_two_sources_use_the_same_ids(world: str, data: st.DataObject, chance: object) -> None:
    """Importers derive ids from equal records: an id is unique within its source only, and so is the place in order."""
    recorded_events, others = data.draw(WORLDS[world]), data.draw(WORLDS[world])
    if world == "others":
        # A row of reference data has the id of its newest event: a correction's id may be no other source's there.
        every = [each.event for each in (*recorded_events, *others)]
        corrections = {each.event_id for each in every if each.corrects_event_id is not None}
        others = [each for each in others if each.event.event_id not in corrections]
    twins = [
        RecordedEvent(
            msgspec.structs.replace(each.event, source="twin:main", occurred_at=at.event.occurred_at), each.ingested_at
        )
        for each, at in zip(others, recorded_events, strict=False)
    ]
    shuffled = [*recorded_events, *twins]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run([*recorded_events, *twins], until=FAR, rules=LEVELS), run(shuffled, until=FAR, rules=LEVELS)
    assert (figures(one), one.revisions()) == (figures(other), other.revisions())


@in_every_world
@given(st.data())
def test_every_row_fits_its_table(world: str, data: st.DataObject) -> None:
    """A row that no sink takes stops the worker: whole numbers have 64 bits at most, whatever they are sums of."""
    for row in run(data.draw(WORLDS[world]), until=FAR, rules=LEVELS).tables.values():
        values = msgspec.structs.astuple(row)
        assert refusal(row.TABLE, [(*values, 1, False)]) is None
        assert all(abs(value) < 2**63 for value in values if isinstance(value, int))


@in_every_world
@given(st.data())
def test_duplicates_change_nothing(world: str, data: st.DataObject) -> None:
    """Sources redeliver without a time limit; the second copy must leave states, rows and signals alone."""
    recorded_events = data.draw(WORLDS[world])
    doubled = list(recorded_events)
    for recorded in data.draw(st.lists(st.sampled_from(recorded_events), max_size=5)):
        first = doubled.index(recorded)
        doubled.insert(data.draw(st.integers(first + 1, len(doubled))), recorded)
    calm, noisy = run(recorded_events, until=FAR, rules=LEVELS), run(doubled, until=FAR, rules=LEVELS)
    assert told_by(calm) == told_by(noisy)


@in_every_world
@given(st.data(), st.lists(st.integers(0, 60 * 24), max_size=4))
def test_when_time_is_looked_at_does_not_matter(world: str, data: st.DataObject, hours: list[int]) -> None:
    """Ticks come at any moment live and once at the end in replay: deadlines carry their own time either way."""
    recorded_events = data.draw(WORLDS[world])
    ticking = Machine(rules=LEVELS)
    now = START
    for position, recorded in enumerate(recorded_events):
        if position < len(hours):
            now = max(now, START + hours[position] * HOUR)
            ticking.tick(now)
        ticking.feed(recorded)
    ticking.tick(FAR)
    assert ticking.tables == run(recorded_events, until=FAR, rules=LEVELS).tables


@in_every_world
@given(st.data())
def test_rows_written_bit_by_bit_are_the_rows_of_the_final_state(world: str, data: st.DataObject) -> None:
    """What was written along the way must be exactly what the final states say, nothing forgotten, nothing left."""
    recorded_events = data.draw(WORLDS[world])
    machine = run(recorded_events, until=FAR, rules=LEVELS)
    assert figures(machine) == rows_of_states(machine)


@in_every_world
@given(st.data(), st.integers(1, 400))
def test_a_policy_that_arrives_late_ends_like_one_that_was_known(
    world: str, data: st.DataObject, target_hours: int
) -> None:
    """Settings travel on their own topic: whether they come before or after the events must not show in the rows."""
    recorded_events = data.draw(WORLDS[world])
    followup = (Policy(0, "default", 172_800), Policy(START, "v2", target_hours * 3600))
    rules = msgspec.structs.replace(data.draw(levels), followup=followup, mrr=data.draw(mrr_policies))
    known = run(recorded_events, until=FAR, rules=rules)
    late = run(recorded_events, until=FAR, rules=LEVELS)
    late.settle(rules)
    late.tick(FAR)
    assert late.tables == known.tables


@in_every_world
@given(st.data())
def test_a_retraction_leaves_what_the_history_without_the_event_would_have_left(
    world: str, data: st.DataObject
) -> None:
    """Taking an event back must be exact: no trace but in the log of changes, whatever came in between."""
    recorded_events = data.draw(WORLDS[world])
    taken_back = data.draw(st.sampled_from(recorded_events))
    retraction = msgspec.structs.replace(
        taken_back.event,
        event_id="ffffffff-ffff-4fff-8fff-ffffffffffff",
        entity_version=2**63 - 1,
        corrects_event_id=taken_back.event.event_id,
        is_retraction=True,
    )
    assume(taken_back.event.corrects_event_id is None or type(taken_back.event) not in HISTORIES)
    without = run([recorded for recorded in recorded_events if recorded is not taken_back], until=FAR, rules=LEVELS)
    assert figures(run([*recorded_events, RecordedEvent(retraction, FAR)], until=FAR, rules=LEVELS)) == figures(without)


@given(histories_of(submissions, max_size=1), answers)
def test_a_correction_leaves_what_the_corrected_history_alone_would_have_left(
    recorded_events: list[RecordedEvent], corrected: tuple[Answer, ...]
) -> None:
    """Figures after a correction are those of a world where the answer had been right at once; the change is told."""
    (last,) = recorded_events
    assert isinstance(last.event, ResponseSubmitted)
    history = [msgspec.structs.replace(last, event=msgspec.structs.replace(last.event, corrects_event_id=None))]
    right = msgspec.structs.replace(history[0].event, answers=corrected)
    correction = ResponseCorrected(
        event_id="ffffffff-ffff-4fff-8fff-ffffffffffff",
        account_id=last.event.account_id,
        occurred_at=last.event.occurred_at,
        source=last.event.source,
        entity_version=2**63 - 1,
        is_test=last.event.is_test,
        response_id=last.event.response_id,
        answers=corrected,
    )
    after = run([*history, RecordedEvent(correction, last.ingested_at + 1)])
    ideal = run([RecordedEvent(right, last.ingested_at)])
    assert scores_of(after) == scores_of(ideal)
    wrong = scores_of(run(history))
    told = {
        (row.item.rpartition("/")[2], row.old_value, row.new_value)
        for row in after.tables.values()
        if isinstance(row, MetricChangeRow) and row.event_id == correction.event_id and row.item
    }
    counted = set() if last.event.is_test else wrong.keys() | scores_of(ideal).keys()
    changed = {each for each in counted if wrong.get(each) != scores_of(ideal).get(each)}
    assert told == {(each, wrong.get(each), scores_of(ideal).get(each)) for each in changed}


def told_by(machine: Machine) -> tuple[object, ...]:
    """Return everything that a machine has brought about."""
    return machine.revisions(), machine.tables, machine.signals


def rows_of_states(machine: Machine) -> dict[Identity, Row]:
    """Return what all entities and ledgers say, each folded from its beginning."""
    return rows_of(entities_of(machine), LEDGERS, machine.rules)


def entities_of(machine: Machine) -> Entities:
    """Return what the oracle has to know of the entities."""
    return [
        (BY_PREFIX[chr(key[0])], *key[1:].decode().split("\0", 1), recorded_events.values(), machine.passed(key))
        for key, recorded_events in machine.recorded_events.items()
    ]


def scores_of(machine: Machine) -> dict[str, float]:
    return {row.question_id: row.number for row in machine.tables.values() if isinstance(row, AnswerRow)}
