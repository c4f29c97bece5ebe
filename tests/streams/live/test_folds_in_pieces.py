"""Other rules on long logs: folded in pieces they leave what one step would, whatever comes between the pieces."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core import course, segments
from streams.core.algebra import RecordedEvent
from streams.core.declarations import Kinds
from streams.core.events import SurveyDisplayed
from streams.core.rows import TABLES
from streams.core.rules import Rules
from tests.streams.live.test_crashes import CRASHING, Life, expected, fates, figures, moments, rulings
from tests.streams.live.test_ledger_deadlines import Step, Worker, of_figures, scripts
from tests.support import groups, warmth
from tests.support.batches import Tables, recorded
from tests.support.histories import START, SURVEY, histories_of
from tests.support.levels import LEVELS
from tests.support.oracle import rows_of


@contextmanager
def limits(items: int, edits: int, long: int = 0) -> Iterator[None]:
    """Let pieces be so small that short histories take many."""
    former = course.LONG, course.MOST_ITEMS, course.MOST_EDITS
    course.LONG, course.MOST_ITEMS, course.MOST_EDITS = long, items, edits
    try:
        yield
    finally:
        course.LONG, course.MOST_ITEMS, course.MOST_EDITS = former


sizes = st.builds(groups.sizes, st.integers(1, 6), st.integers(1, 4))
crowded = histories_of(SURVEY[SurveyDisplayed], 40).filter(lambda history: len(history) > 5)
pieces = st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 1))


@pytest.fixture(params=[1, 2, 3, 64], ids="segments of {}".format)
def short_segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT", request.param)
    monkeypatch.setattr(segments, "CHUNK", 2)


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in groups.ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)


@pytest.fixture
def warm_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in warmth.ROWS:
        monkeypatch.setitem(TABLES, row.TABLE, row)


def driven(life: Life, data: st.DataObject, history: list[RecordedEvent], rules: list[Rules]) -> Tables:
    """Let events, time, other rules, restarts and lost batches come in any order; return the tables at the end."""
    left = recorded(history)
    first = data.draw(st.integers(1, len(left)))
    left = life.take(left[:first]) + left[first:]
    plan = st.tuples(st.integers(0, len(left)), fates, st.none() | st.sampled_from(rules), moments)
    with limits(*data.draw(pieces)):
        for size, fate, ruling, now in data.draw(st.lists(plan, max_size=12)):
            if ruling is not None:
                life.use(ruling)
            if size and left:
                left = life.take(left[:size], fate) + left[size:]
            else:
                life.tick(now, fate, is_caught_up=not left)
        life.use(rules[-1])
        while left:
            left = life.take(left)
        for fate in data.draw(st.lists(fates, max_size=30)):  # one life after another goes on with the pieces
            life.tick(START, fate)
        return life.finish(left)


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("world", CRASHING)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_pieces_do_not_show(world: str, data: st.DataObject) -> None:
    """Events, corrections, passing time, yet other rules, restarts and lost batches come between pieces."""
    history = data.draw(CRASHING[world])
    rules = data.draw(st.lists(rulings, min_size=2, max_size=3))
    life = Life(LEVELS)
    tables = driven(life, data, history, rules)
    assert figures(tables) == expected(history, life.dead, rules[-1])


@pytest.mark.usefixtures("short_segments")
@pytest.mark.parametrize("by_rules", [False, True], ids=["ledger", "ledger by rules"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nor_does_where_rules_seal_an_output(by_rules: bool, data: st.DataObject) -> None:
    """Old rules and new ones seal a row, or an entry, in pieces far apart: neither may undo the other, in any order."""
    history, rules = data.draw(crowded), data.draw(st.lists(sizes, min_size=1, max_size=3))
    life = Life(data.draw(sizes), kinds := groups.kinds(by_rules=by_rules))
    tables = driven(life, data, history, rules)
    assert figures(tables) == plain(history, kinds, life.dead, rules[-1])


def plain(history: list[RecordedEvent], kinds: Kinds, dead: set[int], rules: Rules) -> Tables:
    """Return the rows of the plain fold of what was taken."""
    reducer = kinds.reducers[groups.ITEMS]
    taken: defaultdict[str, list[RecordedEvent]] = defaultdict(list)
    for offset, each in enumerate(history):
        if offset not in dead:
            taken[reducer.identify(each.event)].append(each)
    entities = [(reducer, "acme", name, events, 0) for name, events in taken.items()]
    rows = rows_of(entities, kinds.ledgers, rules).values()
    return Tables({row.identity(): msgspec.structs.astuple(row) for row in rows})


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nor_do_entries_of_a_ledger_of_its_own(data: st.DataObject) -> None:
    """A ledger completes its edits by what will stand around them, of which a part still waits."""
    history, rules = data.draw(crowded), data.draw(st.lists(sizes, min_size=1, max_size=3))
    first, kinds = data.draw(sizes), groups.kinds(by_rules=False, complete=groups.counted)
    at_once, life = Life(first, kinds), Life(first, kinds)
    for one in recorded(history):
        at_once.take([one])
    at_once.use(rules[-1])
    tables = driven(life, data, history, rules)
    assert figures(tables) == figures(at_once.finish([]))


@pytest.mark.usefixtures("short_segments", "warm_tables")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scripts(), st.randoms(use_true_random=False), pieces)
def test_nor_in_signals_and_deadlines(script: list[Step], chance: Any, most: tuple[int, int, int]) -> None:
    """A ledger that time wakes, folded in pieces, raises what it raises at once, and wakes when it should."""
    calm, harried = Worker(), Worker()
    for step in script:
        calm.go(step)
    with limits(*most):
        for step in script:
            harried.lose(step, chance)
            harried.go(step)
    assert of_figures(harried.tables) == of_figures(calm.tables)
    assert harried.signals == calm.signals
    assert harried.partition.next_deadline() == calm.partition.next_deadline()
