"""Revisions: what a ledger tells that was known when, whoever read what first and whenever time was looked at.

The oracle of a moment is a worker that has read what the broker had by then, and at which time has come just as far.
"""

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.core import course, routes, segments
from streams.core.algebra import RecordedEvent
from streams.core.events import FollowupLogged
from streams.core.health.facts import HEALTH, HEALTH_KNOWN
from streams.core.rows import TABLES
from streams.core.rules import Rules
from streams.live.fold import partition as fold
from streams.live.fold import plans
from tests.streams.core.test_laws import WORLDS
from tests.streams.core.test_ledgers_by_time import STRICT, answered
from tests.streams.live.test_ledger_deadlines import FAR, admitted
from tests.streams.live.test_stage import by_id, go, moments, steps
from tests.support.batches import recorded
from tests.support.histories import START
from tests.support.known import KNOWN, STAGE_KNOWN, KnownRow
from tests.support.levels import LEVELS
from tests.support.records import Record, uid
from tests.support.siblings import TOPICS, Siblings, figures
from tests.support.warmth import DAY, ROWS, WARMTH
from tests.support.warmth_histories import mixed_histories

WARM = mixed_histories()


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in (*ROWS, KnownRow):
        monkeypatch.setitem(TABLES, row.TABLE, row)


@pytest.fixture(params=[1, 3, 64], ids="segments of {}".format)
def short_segments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let many segments, batches and pieces of folds fit into short histories."""
    monkeypatch.setattr(plans, "MOST_RECORDS", 3)
    monkeypatch.setattr(segments, "SEGMENT", request.param)
    monkeypatch.setattr(segments, "CHUNK", 2)
    monkeypatch.setattr(course, "LONG", 0)
    monkeypatch.setattr(course, "MOST_ITEMS", request.param)
    monkeypatch.setattr(course, "MOST_EDITS", request.param)
    monkeypatch.setattr(fold, "SETTLE_AT_ONCE", request.param)
    monkeypatch.setattr(fold, "MOST_WORK", 5 * request.param)


def history_of(data: st.DataObject, world: Any = WARM) -> list[Record]:
    """Return records of a world in the order in which the broker has stored them."""
    history = [each for each in data.draw(world) if admitted(each)]
    return recorded(sorted(history, key=lambda each: max(each.ingested_at, each.event.occurred_at)))


def held(siblings: Siblings, prefix: str) -> dict[str, list[Any]]:
    """Return the entries of a ledger by account."""
    state = siblings.state()
    return {key[1:].decode(): each[0] for key, each in state.items() if key[:1].decode() == prefix}


def told(siblings: Siblings, at: int = FAR, prefix: str = KNOWN) -> dict[str, Counter[Any]]:
    """Return the sum of what revisions say up to a moment, by account, without what is gone again."""
    found: dict[str, Counter[Any]] = {}
    for account, revisions in held(siblings, prefix).items():
        total = found.setdefault(account, Counter())
        for revision, _ in revisions:
            if revision.at <= at:
                total.update(revision.added)
                total.subtract(revision.taken)
    return {
        account: left for account, total in found.items() if (left := Counter({k: n for k, n in total.items() if n}))
    }


def facts(siblings: Siblings, prefix: str = WARMTH) -> dict[str, Counter[Any]]:
    return {account: Counter(each for each, _ in entries) for account, entries in held(siblings, prefix).items()}


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_was_known_at_a_moment_is_what_the_broker_had_by_then(data: st.DataObject) -> None:
    """Siblings lag and lead, batches are lost, lives end, time is looked at late: the past was known as it was."""
    records = history_of(data)
    calm, siblings = (Siblings(records, LEVELS, STAGE_KNOWN) for _ in range(2))
    for step, fate in data.draw(steps):
        if not isinstance(step, Rules):
            go(siblings, step, fate)
    assert siblings.finish(FAR) == calm.finish(FAR)
    assert siblings.state() == calm.state()
    assert told(siblings) == facts(siblings)
    at = data.draw(st.sampled_from([each.at_ms * 1000 for each in records]) | moments if records else moments)
    then = Siblings([each for each in records if each.at_ms * 1000 <= at], LEVELS, STAGE_KNOWN)
    then.finish(at)
    assert told(siblings, at) == facts(then)


@pytest.mark.usefixtures("short_segments")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_other_rules_leave_the_sum_of_revisions_right(data: st.DataObject) -> None:
    """What rules change of what entities have handed over is stated too, or it would be taken away for ever."""
    siblings = Siblings(history_of(data), LEVELS, STAGE_KNOWN)
    for step, fate in data.draw(steps):
        go(siblings, step, fate)
    siblings.finish(FAR)
    assert told(siblings) == facts(siblings)


@pytest.mark.parametrize("world", ["several", *WORLDS])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_health_was_known_as_the_broker_had_it(world: str, data: st.DataObject) -> None:
    """Facts of the product come from entities with deadlines and rules of all kinds: none may break the law."""
    records = history_of(data, WORLDS.get(world, WARM))
    siblings = Siblings(records, LEVELS, routes.STAGE, kinds=routes.KINDS)
    for step, fate in data.draw(steps):
        if not isinstance(step, Rules):
            go(siblings, step, fate)
    siblings.finish(FAR)
    assert told(siblings, FAR, HEALTH_KNOWN) == facts(siblings, HEALTH)
    at = data.draw(st.sampled_from([each.at_ms * 1000 for each in records]) | moments if records else moments)
    early = [each for each in records if each.at_ms * 1000 <= at]
    then = Siblings(early, LEVELS, routes.STAGE, kinds=routes.KINDS)
    then.finish(at)
    assert told(siblings, at, HEALTH_KNOWN) == facts(then, HEALTH)


def contacted(number: int, day: float) -> RecordedEvent:
    at = START + int(day * DAY)
    event = FollowupLogged(
        event_id=f"f{number}", account_id="acme", occurred_at=at, source="s", response_id="1", followup_id="F1",
        kind="contacted",
    )  # fmt: skip
    return RecordedEvent(event, at)


def test_an_event_states_first_what_a_deadline_before_it_brought_about() -> None:
    """A worker that lags reads of contact made on day nine before it lets day one pass, when it was missed."""
    siblings = Siblings(recorded([by_id(answered(1, 0, 3)), by_id(contacted(2, 9))]), Rules(), STAGE_KNOWN)
    siblings.finish(FAR)
    ((first, _), (missed, _)) = held(siblings, KNOWN)["acme\0"]
    assert (first.at, [each.points for each in first.added]) == (START, [3])
    assert (missed.event_id, [each.points for each in missed.added]) == ("", [-4])
    assert START < missed.at < START + 9 * DAY


@pytest.mark.usefixtures("short_segments")
def test_what_rules_change_is_stated_as_of_the_last_that_was_known() -> None:
    """A target that is shortened backwards moves the moment of the miss: the old one must go, or it stays for ever."""
    siblings = Siblings(recorded([by_id(answered(1, 0, 3))]), LEVELS, STAGE_KNOWN)
    siblings.finish(START + 9 * DAY)
    missed = held(siblings, KNOWN)["acme\0"][-1][0].added[0]
    siblings.use(STRICT)
    siblings.finish(START + 10 * DAY)
    *_, (changed, _) = held(siblings, KNOWN)["acme\0"]
    assert changed.cause.startswith("rules ")
    assert changed.at == missed.at, "the deadline was the last that happened to it"
    assert changed.taken == (missed,)
    assert [each.at for each in changed.added] == [START + 7_200_000_000]
    assert told(siblings) == facts(siblings)


def test_what_comes_late_leaves_the_past_as_it_was_known() -> None:
    """A score that is taken back on day five was known until then; nobody may be told otherwise afterwards."""
    taken_back = by_id(answered(2, 0, 8))
    event = msgspec.structs.replace(taken_back.event, corrects_event_id=uid(1), occurred_at=START + 5 * DAY)
    late = RecordedEvent(event, START + 5 * DAY)
    siblings = Siblings(recorded([by_id(answered(1, 0, 9)), late, late]), Rules(), STAGE_KNOWN)
    siblings.finish(START + 5 * DAY)
    first, second = (revision for revision, _ in held(siblings, KNOWN)["acme\0"])
    assert (first.at, first.event_id, first.cause) == (START, uid(1), "s")
    assert (second.at, second.event_id) == (START + 5 * DAY, uid(2))
    assert [[each.points for each in side] for side in (second.taken, second.added)] == [[9], [8]]
    rows = {key[2]: row[2] for key, row in figures(siblings.tables).items() if key[0] == "toy_known"}
    assert rows == {START: 9, START + 5 * DAY: 8}


@given(st.data())
def test_a_replay_knows_what_live_has_known(data: st.DataObject) -> None:
    """A replay reads one topic to its end after another, and lets time pass once, at the end."""
    records = history_of(data)
    live, replay = Siblings(records, LEVELS, STAGE_KNOWN), Siblings(records, LEVELS, STAGE_KNOWN, epoch=0)
    for step, _ in data.draw(steps):
        if not isinstance(step, Rules):
            go(live, step, "commit")
    for topic in data.draw(st.permutations(TOPICS)):
        replay.cycle({topic: len(records)})
    assert replay.finish(FAR) == live.finish(FAR)
    assert replay.state() == live.state()
