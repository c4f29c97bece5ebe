"""Episodes of a risk against a count of the whole series, moment by moment, and what no series says."""

from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.limits import NEVER
from streams.core.risk.episodes import (
    CHURNED,
    FACT_ENDED,
    MERGED,
    MODEL_RETIRED,
    RECOVERED,
    RENAMED,
    RENEWED,
    RETRACTED,
    Episode,
    Name,
    Reading,
    State,
    Terms,
    Zone,
    due,
    episode_id,
    listed,
    step,
)

RISKY, HEALTHY, NEITHER, OUT = Zone.RISKY, Zone.HEALTHY, Zone.NEITHER, Zone.OUT
END = 24


class Stretch(NamedTuple):
    """What is compared: one stretch of an episode."""

    name: Name
    opened_at: int
    since: int
    noticed_at: int
    severity: int
    reopened: int
    closed_at: int
    reason: str


def told(readings: list[Reading], terms: Terms, passed: int) -> list[Episode]:
    """Return all stretches of a series, as they are when time has come to `passed`."""
    state = State()
    found: list[Episode] = []
    for reading in readings:
        state, finals = step(state, reading, terms)
        found += finals
    return [*found, *listed(state, terms, passed)]


def compared(episodes: list[Episode]) -> list[Stretch]:
    return [
        Stretch(
            each.name, each.opened_at, each.since, each.noticed_at, each.severity, each.reopened, each.closed_at,
            each.reason,
        )
        for each in episodes
    ]  # fmt: skip


def counted(readings: list[Reading], terms: Terms, passed: int) -> list[Stretch]:
    """Recount a series plainly: what holds in each unit of time, and at each moment what has held for how long."""
    last = {reading.at: reading for reading in readings}
    holds: list[Reading | None] = []
    for moment in range(passed + 1):
        holds.append(last.get(moment, holds[-1] if holds else None))
    found: list[Stretch] = []
    for moment in range(passed + 1):
        while _turned(found, holds, moment, terms, is_over=True):
            pass
        if found:
            found[-1] = _looked_at(found[-1], holds, moment)
        while _turned(found, holds, moment, terms, is_over=False):
            pass
    return found


def _looked_at(stretch: Stretch, holds: list[Reading | None], moment: int) -> Stretch:
    """Apply to an open stretch what holds at a moment and needs no dwell."""
    said = holds[moment]
    if stretch.closed_at or said is None:
        return stretch
    if said.zone is OUT:
        return stretch._replace(closed_at=moment, reason=said.reason or MODEL_RETIRED)
    return stretch._replace(severity=max(stretch.severity, said.severity))


def _turned(found: list[Stretch], holds: list[Reading | None], moment: int, terms: Terms, *, is_over: bool) -> bool:
    """Open or close where a zone has held for its dwell by now: all of the time before, with no dwell the moment.

    A dwell that is over ends before the moment itself counts.
    """
    is_open = bool(found) and not found[-1].closed_at
    start = moment - (terms.dwell_out if is_open else terms.dwell_in)
    if start < 0 or (start < moment) is not is_over:
        return False
    held = holds[start : max(moment, start + 1)]
    zones = [NEITHER if each is None else each.zone for each in holds]
    if is_open and start >= found[-1].since and {each.zone if each else NEITHER for each in held} == {HEALTHY}:
        given = [each.reason for each in held if each and each.reason]
        found[-1] = found[-1]._replace(closed_at=moment, reason=given[-1] if given else terms.reason)
        return True
    begins = (start == 0 or zones[start - 1] is not RISKY) and not any(each.since == start for each in found)
    if is_open or not begins or {each.zone if each else NEITHER for each in held} != {RISKY}:
        return False
    found.append(_opened(found, held, start, moment, terms))
    return True


def _opened(found: list[Stretch], held: list[Reading | None], start: int, moment: int, terms: Terms) -> Stretch:
    severity = max(each.severity for each in held if each)
    former, by = found[-1] if found else None, held[0]
    assert by is not None
    if former is not None and former.reason in (RECOVERED, FACT_ENDED) and start - former.closed_at <= terms.rearm:
        return former._replace(
            since=start, noticed_at=moment, severity=max(severity, former.severity),
            reopened=former.reopened + 1, closed_at=0, reason="",
        )  # fmt: skip
    repeat = former.name.repeat + 1 if former is not None and former.name.evidence == by.evidence else 0
    return Stretch(Name(by.evidence, repeat), start, start, moment, severity, 0, 0, "")


terms = st.builds(
    Terms, st.integers(0, 5), st.integers(0, 5), st.integers(0, 8), st.sampled_from((RECOVERED, FACT_ENDED))
)


@st.composite
def series(draw: Any) -> list[Reading]:
    """Readings in order of time; several may share a moment, and some say what was said before."""
    moments = sorted(draw(st.lists(st.integers(1, END - 6), max_size=10)))
    zones = st.sampled_from((RISKY, RISKY, RISKY, HEALTHY, HEALTHY, NEITHER, OUT))
    found = []
    for at in moments:
        zone = draw(zones)
        ends = st.sampled_from(("", CHURNED, MERGED) if zone is OUT else ("", "", RENEWED))
        reason = draw(ends) if zone in (OUT, HEALTHY) else ""
        severity = draw(st.integers(1, 3)) if zone is RISKY else 0
        found.append(Reading(at, zone, severity, draw(st.sampled_from("abc")), reason))
    return found


@given(series(), terms, st.integers(0, END))
def test_episodes_are_those_that_a_recount_of_the_whole_series_finds(
    readings: list[Reading], terms: Terms, passed: int
) -> None:
    """The machine keeps one span and one episode: whoever looks at every moment has to find the same."""
    readings = [each for each in readings if each.at <= passed]
    assert compared(told(readings, terms, passed)) == counted(readings, terms, passed)


@given(series(), terms)
def test_the_next_moment_is_when_something_changes(readings: list[Reading], terms: Terms) -> None:
    """A worker sleeps until then: nothing may happen earlier, and something has to happen at it."""
    state = State()
    for reading in readings:
        state, _ = step(state, reading, terms)
    passed = readings[-1].at if readings else 0
    for _ in range(3):
        at = due(state, terms, passed)
        assert at > passed
        if at == NEVER:
            assert listed(state, terms, END * 10) == listed(state, terms, passed)
            return
        assert listed(state, terms, at - 1) == listed(state, terms, passed)
        assert listed(state, terms, at) != listed(state, terms, passed)
        passed = at
    pytest.fail("time alone opens or closes once")


@given(series(), terms, st.data())
def test_what_is_said_again_changes_nothing(readings: list[Reading], terms: Terms, data: Any) -> None:
    """Conditions are read at every change of an account, and most of them leave this one as it was."""
    again = [
        each
        for reading in readings
        for each in [reading] * data.draw(st.integers(1, 2))
    ]  # fmt: skip
    later = [
        msgspec.structs.replace(before, at=data.draw(st.integers(before.at, after.at)))
        for before, after in pairwise(readings)
    ]
    told_more = sorted([*again, *(each for each in later if each.at not in {r.at for r in readings})],
                       key=lambda each: each.at)  # fmt: skip
    assert compared(told(told_more, terms, END)) == compared(told(readings, terms, END))


@given(series(), terms, terms)
def test_other_terms_are_asked_from_their_moment_on(readings: list[Reading], terms: Terms, others: Terms) -> None:
    """A shorter dwell that was over before it was set opens nothing in the past: noticed is when one could know."""
    state = State()
    found: list[Episode] = []
    middle = END // 2
    old = [each for each in readings if each.at < middle]
    for reading in old:
        state, finals = step(state, reading, terms)
        found += finals
    known = [*found, *listed(state, terms, middle - 1)]
    if old:
        state, finals = step(state, msgspec.structs.replace(old[-1], at=middle), others, terms)
        found += finals
    for reading in readings:
        if reading.at > middle:
            state, finals = step(state, reading, others)
            found += finals
    found += listed(state, others, END)
    assert [each.noticed_at for each in found][: len(known)] == [each.noticed_at for each in known]
    assert all(each.noticed_at >= middle for each in found[len(known) :])
    assert all(each.closed_at >= middle for each, was in zip(found, known, strict=False) if was.is_open and each.reason)


def test_flapping_at_the_border_is_one_episode() -> None:
    """A score that goes back and forth between the thresholds wakes people once: it was never well for long enough."""
    terms = Terms(2, 3, 14)
    readings = [Reading(1, RISKY, 1, "a")]
    readings += [Reading(at, (HEALTHY, RISKY, NEITHER, RISKY)[at % 4], 1, "b") for at in range(4, 20)]
    (episode,) = told(readings, terms, END)
    assert (episode.opened_at, episode.noticed_at, episode.is_open, episode.reopened) == (1, 3, True, 0)


def test_borders_of_dwell_and_rearm_belong_to_them() -> None:
    """Held for exactly the dwell is held; back after exactly the re-arm time is the same episode."""
    terms = Terms(5, 3, 10)
    assert told([Reading(1, RISKY, 1, "a"), Reading(5, HEALTHY)], terms, END) == []
    first = [Reading(1, RISKY, 1, "a"), Reading(6, HEALTHY)]
    (episode,) = told(first, terms, END)
    assert (episode.opened_at, episode.noticed_at, episode.closed_at, episode.reason) == (1, 6, 9, RECOVERED)
    (still,) = told([*first, Reading(8, NEITHER)], terms, END)
    assert still.is_open
    *_, again = told([*first, Reading(19, RISKY, 1, "b")], terms, END)
    assert (again.name, again.opened_at, again.since, again.reopened) == (Name("a"), 1, 19, 1)
    *_, another = told([*first, Reading(20, RISKY, 1, "b")], terms, 2 * END)
    assert (another.name, another.opened_at, another.since, another.reopened) == (Name("b"), 20, 20, 0)


def test_severity_rises_within_an_episode_and_stays() -> None:
    """Worse is news within the same risk; a number that comes down a little is no news until it is well."""
    terms = Terms(2, 2, 0)
    readings = [Reading(1, RISKY, 1, "a"), Reading(5, RISKY, 3, "b"), Reading(7, RISKY, 2, "c")]
    (episode,) = told(readings, terms, END)
    assert (episode.severity, episode.rose_at, episode.name) == (3, 5, Name("a"))


def test_the_outcome_ends_an_episode_at_once_and_for_good() -> None:
    """Who has left is no risk any more; a customer that comes back and is in trouble again is another story."""
    terms = Terms(0, 72, 100, FACT_ENDED)
    readings = [Reading(1, RISKY, 1, "a"), Reading(5, OUT, reason=CHURNED), Reading(9, RISKY, 1, "a")]
    gone, back = told(readings, terms, END)
    assert (gone.closed_at, gone.reason) == (5, CHURNED)
    assert (back.opened_at, back.name, back.reopened) == (9, Name("a", 1), 0)
    assert told([*readings[:1], Reading(5, OUT)], terms, END)[0].reason == MODEL_RETIRED


def test_an_episode_whose_event_is_taken_back_never_was() -> None:
    """A payment that did not fail after all: the episode is void at once, and the next crossing opens another."""
    terms = Terms(0, 72, 100, FACT_ENDED)
    readings = [Reading(1, RISKY, 1, "a"), Reading(5, NEITHER, withdrawn=("a",)), Reading(9, RISKY, 1, "b")]
    void, other = told(readings, terms, END)
    assert (void.closed_at, void.reason) == (5, RETRACTED)
    assert (other.name, other.opened_at, other.reopened) == (Name("b"), 9, 0)


def test_an_episode_that_other_events_uphold_says_which_it_replaces() -> None:
    """Messages that went out under the former name have to find the episode that goes on."""
    terms = Terms(0, 72, 100, FACT_ENDED)
    old, new = told([Reading(1, RISKY, 1, "a"), Reading(5, RISKY, 2, "b", withdrawn=("a",))], terms, END)
    assert (old.name, old.closed_at, old.reason) == (Name("a"), 5, RENAMED)
    assert (new.name, new.opened_at, new.since, new.severity, new.is_open) == (Name("b"), 1, 5, 2, True)
    assert new.replaces == Name("a")


def test_a_span_that_has_not_opened_yet_goes_on_with_the_event_that_upholds_it() -> None:
    """An episode is not named after an event that was taken back before anybody heard of it."""
    (episode,) = told([Reading(1, RISKY, 1, "a"), Reading(3, RISKY, 1, "b", withdrawn=("a",))], Terms(5, 0, 0), END)
    assert (episode.name, episode.opened_at, episode.noticed_at) == (Name("b"), 1, 6)


def test_what_a_moment_said_first_counts_for_no_time() -> None:
    """Two events of one moment are applied one after the other: what lay between them was never so."""
    readings = [Reading(1, RISKY, 1, "a"), Reading(3, HEALTHY), Reading(3, RISKY, 1, "b"), Reading(8, RISKY, 2, "c")]
    (episode,) = told(readings, Terms(5, 0, 0), END)
    assert (episode.opened_at, episode.noticed_at, episode.severity) == (1, 6, 2)
    assert told([Reading(1, RISKY, 1, "a"), Reading(1, HEALTHY)], Terms(0, 0, 0), END) == []


def test_ids_follow_from_account_rule_and_event_alone() -> None:
    """Two ledgers and a rebuild give one episode one id; the same event may open two one after the other."""
    names = (Name("a"), Name("a", 1), Name("a\0" + "1"), Name("b"))
    ids = {episode_id(account, rule, name) for account in ("x", "y") for rule in ("r", "s") for name in names[:2]}
    assert len(ids) == 8
    assert episode_id("x", "r", Name("a")) == episode_id("x", "r", Name("a"))


@given(series(), terms)
def test_a_state_survives_its_record(readings: list[Reading], terms: Terms) -> None:
    """The state lies in the snapshot of a ledger: read back it has to go on as if it had never left."""
    state = State()
    for reading in readings:
        state, _ = step(state, reading, terms)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=State) == state
