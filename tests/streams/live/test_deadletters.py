"""When bad records are an outage, and what a dead letter tells whoever finds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.live.batch import DeadLetter
from streams.live.deadletters import DeadLetterCount, DeadLetterLimit, count, headers
from streams.live.errors import EngineStopped

LIMIT = DeadLetterLimit(run=10, share=0.5, window=40)


def outcome(flags: list[bool], sizes: list[int]) -> DeadLetterCount | str:
    """Feed the flags in batches of the given sizes; "stopped" where the limit ends it."""
    standing = DeadLetterCount()
    for size in sizes:
        part, flags = flags[:size], flags[size:]
        try:
            standing = count(LIMIT, standing, len(part), part if any(part) else ())
        except EngineStopped:
            return "stopped"
    return standing


@given(st.lists(st.booleans(), max_size=39), st.data())
def test_how_records_are_cut_into_batches_does_not_matter(flags: list[bool], data: st.DataObject) -> None:
    """Micro-batches are cut by chance: a run that crosses a boundary must stop the worker all the same."""
    cut = data.draw(st.integers(0, len(flags)))
    assert outcome(flags, [cut, len(flags) - cut]) == outcome(flags, [len(flags)])


@given(st.lists(st.booleans(), max_size=39))
def test_a_run_stops_the_worker_exactly_when_it_is_long_enough(flags: list[bool]) -> None:
    """The model: a run of the limit's length somewhere, and nothing else inside of one window."""
    longest = max((len(run) for run in "".join("x" if f else " " for f in flags).split()), default=0)
    assert (outcome(flags, [len(flags)]) == "stopped") == (longest >= LIMIT.run)


@pytest.mark.parametrize(("bad", "stops"), [(20, False), (21, True)])
def test_a_share_above_the_limit_stops_the_worker_at_the_end_of_a_window(bad: int, stops: bool) -> None:
    """Half of the records bad is still a sick producer among well ones; more is an outage."""
    flags = [True, False] * 19 + ([True, True] if stops else [True, False])
    assert sum(flags) == bad
    assert (outcome(flags, [len(flags)]) == "stopped") is stops


def test_good_windows_are_forgotten() -> None:
    """A count over all time would stop a worker years later for the bad records of its first day."""
    assert outcome([True, False] * 20 + [False] * 40, [40, 40]) == DeadLetterCount()


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.data())
def test_what_a_raised_limit_let_through_is_not_held_against_the_usual_one(
    flags: list[bool], data: st.DataObject
) -> None:
    """Whoever raises the limit for a flood and lowers it again must not be woken by the same flood once more."""
    raised, standing = DeadLetterLimit(run=1_000, share=1, window=LIMIT.window), DeadLetterCount()
    cut = data.draw(st.integers(0, len(flags)))
    for part in (flags[:cut], flags[cut:]):
        standing = count(raised, standing, len(part), part if any(part) else ())
    last = flags[::-1].index(False) if False in flags else len(flags)
    after = LIMIT.run - (last if last < LIMIT.run else 0)
    assert count(LIMIT, standing, after - 1, [True] * (after - 1)).bad == after - 1
    with pytest.raises(EngineStopped):
        count(LIMIT, standing, after, [True] * after)
    half = [True, False] * (LIMIT.window // 2)
    assert count(LIMIT, standing, LIMIT.window, [False, *half[:-1]]) == DeadLetterCount(run=1)


def letter(carried: list[tuple[str, bytes]] | None) -> DeadLetter:
    return DeadLetter("cx.survey", 3, 17, 99, b"acc", b"\xc3\x01abcdefghij", carried, "malformed", "no such thing")


def test_a_run_that_a_raised_limit_let_through_does_not_count_for_the_next_record() -> None:
    """Otherwise the first bad record after such a flood stops the worker that somebody has just brought through it."""
    assert count(LIMIT, DeadLetterCount(run=LIMIT.run), 1, [True]).run == 1


def test_origin_reason_and_history_stand_in_the_headers() -> None:
    """Reliability.md 4: whoever redrives a record needs all of it without asking the source topic."""
    found = dict(headers(letter([("traceparent", b"00-1")]), 5))
    assert found["traceparent"] == b"00-1"
    assert found["cx-topic"] == b"cx.survey"
    assert (found["cx-partition"], found["cx-offset"], found["cx-timestamp-ms"]) == (b"3", b"17", b"99")
    assert (found["cx-reason"], found["cx-detail"]) == (b"malformed", b"no such thing")
    assert found["cx-schema"] == b"c3016162636465666768"
    assert found["cx-code-version"]
    assert (found["cx-attempt"], found["cx-first-seen"], found["cx-last-seen"]) == (b"1", b"5", b"5")


def test_a_redriven_record_keeps_its_first_sighting_and_counts_attempts() -> None:
    """Otherwise a record that fails for ever looks new every time."""
    again = headers(letter(headers(letter(None), 5)), 9)
    found = dict(again)
    assert len(found) == len(again), "each header once"
    assert (found["cx-attempt"], found["cx-first-seen"], found["cx-last-seen"]) == (b"2", b"5", b"9")


def test_foreign_values_in_our_headers_do_no_harm() -> None:
    """Headers are input: a producer may send anything under any name."""
    found = dict(headers(letter([("cx-attempt", b"\xff"), ("other", None)]), 5))  # type: ignore[list-item]
    assert found["cx-attempt"] == b"1"
    assert found["other"] == b""
