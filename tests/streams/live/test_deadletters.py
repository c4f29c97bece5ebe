"""When bad records are an outage, and what a dead letter tells whoever finds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.live.errors import EngineStopped
from streams.live.fold.batch import DeadLetter
from streams.live.fold.dead_letters import DeadLetterCount, DeadLetterLimit, LimitPassedError, count, headers, stopped

LIMIT = DeadLetterLimit(run=10, share=0.5, window=40)


def unread(flags: list[bool]) -> list[str | None]:
    """Bad records whose source cannot be read."""
    return ["" if flag else None for flag in flags]


def outcome(flags: list[bool], sizes: list[int]) -> DeadLetterCount | str:
    """Feed the flags in batches of the given sizes; "stopped" where the limit ends it."""
    return fed(unread(flags), sizes)


def fed(sources: list[str | None], sizes: list[int]) -> DeadLetterCount | str:
    """Feed sources of bad records, None for good ones."""
    standing = DeadLetterCount()
    for size in sizes:
        part, sources = sources[:size], sources[size:]
        try:
            standing = count(
                LIMIT, standing, len(part), part if any(each is not None for each in part) else ()
            ).standing
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
    assert outcome([True, False] * 20 + [False] * 40, [40, 40]) == DeadLetterCount(before=True)


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.data())
def test_what_a_raised_limit_let_through_is_not_held_against_the_usual_one(
    flags: list[bool], data: st.DataObject
) -> None:
    """Whoever raises the limit for a flood and lowers it again must not be woken by the same flood once more."""
    raised, standing = DeadLetterLimit(run=1_000, share=1, window=LIMIT.window), DeadLetterCount()
    cut = data.draw(st.integers(0, len(flags)))
    for part in (flags[:cut], flags[cut:]):
        standing = count(raised, standing, len(part), unread(part) if any(part) else ()).standing
    last = flags[::-1].index(False) if False in flags else len(flags)
    after = LIMIT.run - (last if last < LIMIT.run else 0)
    assert count(LIMIT, standing, after - 1, unread([True] * (after - 1))).standing.bad == after - 1
    with pytest.raises(EngineStopped):
        count(LIMIT, standing, after, unread([True] * after))
    half = [True, False] * (LIMIT.window // 2)
    closed = count(LIMIT, standing, LIMIT.window, unread([False, *half[:-1]])).standing
    assert (closed.run, closed.seen, closed.bad) == (1, 0, 0)


def letter(carried: list[tuple[str, bytes]] | None) -> DeadLetter:
    return DeadLetter("cx.survey", 3, 17, 99, b"acc", b"\xc3\x01abcdefghij", carried, "malformed", "no such thing")


def test_a_run_that_a_raised_limit_let_through_does_not_count_for_the_next_record() -> None:
    """Otherwise the first bad record after such a flood stops the worker that somebody has just brought through it."""
    assert count(LIMIT, DeadLetterCount(run=LIMIT.run), 1, unread([True])).standing.run == 1


SENDERS = st.sampled_from(["shop:main", "crm:main", "", None])


@given(st.lists(SENDERS, max_size=39), st.data())
def test_whoever_sends_them_cuts_do_not_matter(sources: list[str | None], data: st.DataObject) -> None:
    """The same law with sources: what one sender is forgiven must not depend on where a batch ended."""
    cut = data.draw(st.integers(0, len(sources)))
    assert fed(sources, [cut, len(sources) - cut]) == fed(sources, [len(sources)])


@given(st.lists(st.sampled_from(["shop:main", None]), min_size=LIMIT.window, max_size=LIMIT.window))
def test_one_sender_alone_stops_nobody_while_others_are_well(sources: list[str | None]) -> None:
    """Given a window before with good records and one with a good one in it, then no flood of one source stops it."""
    calm: list[str | None] = [None] * LIMIT.window
    found = fed([*calm, *sources], [LIMIT.window, LIMIT.window])
    assert (found == "stopped") == (None not in sources)


def test_a_run_of_one_sender_is_said_and_let_through() -> None:
    """Given one good record, then two runs of one sender: the flood is named, and the count goes on."""
    judged = count(LIMIT, DeadLetterCount(), 25, [None, *["crm:main"] * 24])
    assert judged.flood == "crm:main"
    assert (judged.standing.seen, judged.standing.bad, judged.standing.run) == (25, 24, 4)


def test_a_share_of_one_sender_is_said_and_let_through() -> None:
    """Given a wrong partitioner: three of four of its records are bad, and it sends most; others lose nothing."""
    window: list[str | None] = [*["crm:main", "crm:main", "crm:main", None] * 10]
    judged = count(LIMIT, DeadLetterCount(), 40, window)
    assert (judged.flood, judged.standing) == ("crm:main", DeadLetterCount(before=True))


@pytest.mark.parametrize(
    "sources",
    [
        ["crm:main"] * 10,
        [None, *["crm:main", "shop:main"] * 5],
        [None, *[""] * 10],
        [None, *["crm:main"] * 9, ""],
        [*["crm:main", "shop:main", "crm:main", "shop:main", None] * 8],
        ["crm:main", *["", None, ""] * 13],
    ],
    ids=["nothing else", "two in turn", "unreadable", "one and unreadable", "a share of two", "a share of unreadable"],
)
def test_what_is_no_single_senders_fault_stops_the_worker(sources: list[str | None]) -> None:
    """All bad, several senders, or bytes that nobody can read: that may well be our own mistake."""
    assert fed(sources, [len(sources)]) == "stopped"


def test_the_record_that_passed_the_limit_is_named() -> None:
    """Given the tenth bad record in a row, then the worker's last words say where it is, whose, and why."""
    bad = letter(None)
    with pytest.raises(LimitPassedError) as caught:
        count(LIMIT, DeadLetterCount(), 12, [None, *[""] * 11])
    assert caught.value.at == 10
    assert str(stopped(caught.value, bad)) == (
        "dead-letter limit: 10 bad records in a row, the last is cx.survey-3@17"
        " (key b'acc', its source cannot be read), refused as malformed: no such thing"
    )


@given(st.lists(st.text(max_size=3), max_size=200))
def test_a_sender_that_names_itself_anew_each_time_fills_no_mark(names: list[str]) -> None:
    """The count travels in every mark: what comes from outside must not make it grow."""
    lenient = DeadLetterLimit(run=1_000, share=0.5, window=4_000)
    found = count(lenient, DeadLetterCount(), len(names), names)
    assert len(found.standing.sources) <= 16


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
