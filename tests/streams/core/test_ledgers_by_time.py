"""Ledgers take members of any kind, wake by time and raise signals: any history, any segments, equal to the plain fold.

The ledgers of `tests.support.warmth` stand for what is built on them: scores that fade, rules that watch them.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import segments
from streams.core.algebra import RecordedEvent
from streams.core.declarations import Kinds
from streams.core.events import Answer, InvoiceIssued, ResponseSubmitted, TicketOpened
from streams.core.machine import NO_RULES
from streams.core.machine import Machine as CoreMachine
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rules import Policy, Rules
from tests.support.histories import START
from tests.support.levels import LEVELS
from tests.support.machine import Identity, Machine, figures
from tests.support.oracle import logs_of
from tests.support.warmth import DAY, KINDS, LEDGERS, REDUCERS, WARMTH, WARMTH_LEDGER, WATCH, WATCH_LEDGER
from tests.support.warmth_histories import mixed_histories

FAR = START + 400 * DAY
STRICT = msgspec.structs.replace(LEVELS, followup=(Policy(0, "strict", 7_200),))
Step = RecordedEvent | int | Rules
"""An event that comes, a time up to which time passes, or rules that hold from now on."""


@st.composite
def scripts(draw: Any) -> list[Step]:
    """Histories in which time passes and rules change between any two events."""
    steps: list[Step] = []
    now = START
    for recorded in draw(mixed_histories()):
        steps.append(recorded)
        match draw(st.sampled_from(["", "", "tick", "tick", "tick", "rules"])):
            case "tick":
                now += draw(st.integers(1, 200)) * DAY // 24
                steps.append(now)
            case "rules":
                steps.append(draw(st.sampled_from([LEVELS, STRICT])))
    return [*steps, FAR]


def done(machine: Machine, step: Step) -> None:
    match step:
        case int():
            machine.tick(step)
        case Rules():
            if step != machine.rules:
                machine.settle(step)
        case _:
            machine.feed(step)


@contextmanager
def segments_of(size: int) -> Iterator[None]:
    before = segments.SEGMENT, segments.CHUNK
    segments.SEGMENT, segments.CHUNK = size, 2
    try:
        yield
    finally:
        segments.SEGMENT, segments.CHUNK = before


def outputs_of(machine: Machine, now: int | None) -> list[Outputs]:
    """Return what the plain fold makes of all events: at `now`, or by the deadlines that have fired."""
    entities = [
        (
            machine.kinds.reducers[chr(key[0])],
            *key[1:].decode().split("\0", 1),
            recorded.values(),
            machine.passed(key) if now is None else now,
        )
        for key, recorded in machine.recorded_events.items()
    ]
    passed_of = machine.passed if now is None else lambda _key: now
    return [outputs for _, _, outputs in logs_of(entities, machine.kinds.ledgers, machine.rules, passed_of)]


def rows_in(found: Iterable[Outputs]) -> dict[Identity, Any]:
    rows = [row for outputs in found for row in outputs.rows]
    by_identity = {row.identity(): row for row in rows}
    assert len(by_identity) == len(rows), "an identity was sealed twice"
    return by_identity


@pytest.mark.parametrize("size", [1, 2, 3, 64])
@given(st.data())
def test_a_ledger_fed_by_time_equals_the_plain_fold(size: int, data: st.DataObject) -> None:
    """A score that decays must be what its events and the time say, whatever came late, again or corrected.

    Once deadlines have fired, tables are those of the plain fold at that very time, which asks no deadline.
    """
    machine, now = Machine(rules=LEVELS, kinds=KINDS), 0
    with segments_of(size):
        for step in data.draw(scripts()):
            done(machine, step)
            if data.draw(st.booleans()):
                machine.save()
            if isinstance(step, int):
                now = step
                assert figures(machine) == rows_in(outputs_of(machine, now))
            assert figures(machine) == rows_in(outputs_of(machine, None))


@given(st.data())
def test_signals_are_raised_once_for_each_cause(data: st.DataObject) -> None:
    """Somebody is called when an account cools, and not again when anything else about it changes.

    An event raises exactly the signals that hold after it and did not before; other rules raise none.
    """
    machine = Machine(rules=LEVELS, kinds=KINDS)
    before: set[str] = set()
    for step in data.draw(scripts()):
        machine.signals.clear()
        done(machine, step)
        raised = [each.signal_id for each in machine.signals]
        after = {name for outputs in outputs_of(machine, None) for name in outputs.signals}
        assert len(set(raised)) == len(raised)
        if isinstance(step, int):
            assert after - before <= set(raised)
            assert before.isdisjoint(raised)
        else:
            assert set(raised) == (set() if isinstance(step, Rules) else after - before)
        before = after


@pytest.mark.parametrize("size", [1, 2, 3, 64])
@given(st.data())
def test_neither_batches_nor_segments_show_in_rows_or_signals(size: int, data: st.DataObject) -> None:
    """A worker may die after any event and any deadline: what it raises and writes must be what a calm one would."""
    script = data.draw(scripts())
    calm, restarted = Machine(rules=LEVELS, kinds=KINDS), Machine(rules=LEVELS, kinds=KINDS, recode=True)
    for step in script:
        done(calm, step)
    with segments_of(size):
        for step in script:
            done(restarted, step)
    assert restarted.tables == calm.tables
    assert restarted.signals == calm.signals


@given(mixed_histories(), st.lists(st.integers(0, 300 * 24), max_size=6))
def test_how_often_time_is_looked_at_does_not_show(history: list[RecordedEvent], hours: list[int]) -> None:
    """After an outage of weeks a ledger sees what its members said in the order in which it would have seen it live."""
    often, once = Machine(rules=LEVELS, kinds=KINDS), Machine(rules=LEVELS, kinds=KINDS)
    for recorded in history:
        often.feed(recorded)
        once.feed(recorded)
    for now in [*(START + hour * DAY // 24 for hour in sorted(hours)), *range(START, START + 60 * DAY, DAY // 2), FAR]:
        often.tick(now)
    once.tick(FAR)
    assert often.tables == once.tables
    assert often.signals == once.signals


def answered(number: int, day: float, nps: int, response: str = "1") -> RecordedEvent:
    at = START + int(day * DAY)
    answer = Answer(question_id="q1", kind="NPS", number=float(nps))
    event = ResponseSubmitted(
        event_id=f"a{number}", account_id="acme", occurred_at=at, source="s", response_id=response, survey_id="s1",
        survey_version=1, submitted_at=at, finished=True, answers=(answer,),
    )  # fmt: skip
    return RecordedEvent(event, at)


def opened(number: int, day: float, ticket: str = "1") -> RecordedEvent:
    at = START + int(day * DAY)
    event = TicketOpened(
        event_id=f"t{number}", account_id="acme", occurred_at=at, source="s", ticket_id=ticket, channel="email"
    )
    return RecordedEvent(event, at)


def issued(number: int, day: float, invoice: str = "1") -> RecordedEvent:
    at = START + int(day * DAY)
    event = InvoiceIssued(
        event_id=f"i{number}", account_id="acme", occurred_at=at, source="s", invoice_id=invoice, issued_at=at,
        total=10_000, currency="USD", exponent=2,
    )  # fmt: skip
    return RecordedEvent(event, at)


def warmth(machine: Machine) -> tuple[int, bool]:
    (row,) = [row for row in machine.tables.values() if row.TABLE == "toy_warmth"]
    return row.level, row.is_cool  # type: ignore[attr-defined]


def watched(machine: Machine) -> list[tuple[float, bool]]:
    rows: list[Any] = [row for row in machine.tables.values() if row.TABLE == "toy_watch"]
    return sorted(((row.at - START) / DAY, row.is_escalated) for row in rows)


def kinds_of(machine: Machine) -> list[str]:
    return [each.kind for each in machine.signals if each.kind in ("cooled", "escalated")]


def test_a_late_event_undoes_what_time_had_shown() -> None:
    """An account that was called cool on day eight had in fact asked for help on day seven: it was not cool then."""
    machine = Machine(kinds=KINDS)
    machine.feed(answered(1, 0, 9))
    machine.tick(START + 6 * DAY)
    assert (warmth(machine), watched(machine), kinds_of(machine)) == ((3, False), [], [])
    machine.tick(START + 8 * DAY)
    assert (warmth(machine), watched(machine), kinds_of(machine)) == ((1, True), [(7, False)], ["cooled"])
    machine.feed(opened(2, 6.5))
    assert (warmth(machine), watched(machine)) == ((4, False), [])
    machine.tick(START + 11 * DAY)
    assert (warmth(machine), watched(machine)) == ((1, True), [(9.5, False)])
    machine.tick(START + 30 * DAY)
    assert (warmth(machine), watched(machine)) == ((0, True), [(9.5, True)])
    assert kinds_of(machine) == ["cooled", "cooled", "escalated"], "there are two causes, and one of them lasted"


def test_members_of_different_kinds_with_one_id_are_different_members() -> None:
    """Ids are unique within a kind only: answer 1, ticket 1 and invoice 1 of one instant must all count."""
    machine = Machine(kinds=KINDS)
    for recorded in (answered(1, 0, 8), opened(2, 0), issued(3, 0)):
        machine.feed(recorded)
    assert warmth(machine) == (8 + 2 - 2, False)


def test_two_members_at_one_position_are_refused() -> None:
    """A ledger whose positions name ids alone would let one member take the place of another, and say nothing."""
    nameless = replace(WARMTH_LEDGER, sort_key=lambda entry: (entry.at, entry.member))
    reducers = {prefix: _member_by_id(each) if prefix in ("r", "t") else each for prefix, each in REDUCERS.items()}
    kinds = Kinds(
        reducers, {**LEDGERS, nameless.prefix: nameless}, lambda event: reducers[KINDS.reducer_of(event).prefix]
    )
    machine = Machine(kinds=kinds)
    machine.feed(answered(1, 0, 8))
    with pytest.raises(ValueError, match=rf"two items of b'{WARMTH}acme.*' have the position"):
        machine.feed(opened(2, 0))


def _member_by_id(declared: Any) -> Any:
    def project(acc: Any, scope: Scope, outputs: Outputs) -> None:
        declared.project(acc, scope, outputs)
        for place in [place for place in outputs.entries if place.ledger == WARMTH_LEDGER.prefix]:
            entry = outputs.entries.pop(place)
            outputs.entries[Handover(place.ledger, place.name, (entry.at, entry.member))] = entry

    return replace(declared, project=project)


def test_a_ledger_hands_over_to_later_ones_only() -> None:
    """A ring of ledgers would never come to rest: it is refused, also where only time makes one hand over."""
    kinds = Kinds(REDUCERS, {WATCH: WATCH_LEDGER, **LEDGERS}, KINDS.reducer_of)
    machine = Machine(kinds=kinds)
    machine.feed(answered(1, 0, 9))
    with pytest.raises(ValueError, match=rf"'{WARMTH}'.*hands over to \['{WATCH}'\], no later ledger"):
        machine.tick(START + 8 * DAY)


def test_a_deadline_that_has_passed_is_refused() -> None:
    """One that is due again and again would hold a worker for ever: the mistake must have a name instead."""
    stuck = replace(WARMTH_LEDGER, deadline=lambda acc, _scope: acc.at + DAY)
    machine = Machine(kinds=Kinds(REDUCERS, {**LEDGERS, stuck.prefix: stuck}, KINDS.reducer_of))
    machine.feed(answered(1, 0, 9))
    with pytest.raises(ValueError, match=r"deadline .* is not later than"):
        machine.tick(START + 3 * DAY)


def test_prefixes_of_entities_and_ledgers_are_unique() -> None:
    """Two kinds under one letter would read each other's records."""
    twin = replace(WATCH_LEDGER, prefix="t")
    with pytest.raises(ValueError, match=r"\['t'\] stand for two kinds"):
        Kinds(REDUCERS, {"t": twin}, KINDS.reducer_of)
    with pytest.raises(ValueError, match=rf"'{WATCH}' under '\?'"):
        Kinds(REDUCERS, {"?": WATCH_LEDGER}, KINDS.reducer_of)


IN_ORDER = tuple(range(60))
LATE = (*range(0, 60, 5), *(day for day in range(60) if day % 5))


@pytest.mark.parametrize("days", [IN_ORDER, LATE, IN_ORDER[::-1]], ids=["in order", "late", "backwards"])
def test_records_are_bounded_by_bytes(days: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of the changelog has a largest size: entries that are long must make shorter segments, at every step."""
    monkeypatch.setattr(segments, "TAIL_BYTES", 2_000)
    reducers = REDUCERS | {"r": _fat(REDUCERS["r"], "x" * 700)}
    store: dict[bytes, bytes] = {}
    largest = 0
    for day in days:
        machine = CoreMachine(store.get, Rules(), reducers, LEDGERS, NO_RULES)
        machine.take(reducers["r"], answered(day, day, 8, str(day)), day.to_bytes(24))
        machine.save()
        written = {name: value for name, value in machine.changes.items() if value is not None}
        of_ledger = [len(value) for name, value in written.items() if name.lstrip(b"\1sain")[:1] == WARMTH.encode()]
        largest = max(largest, *of_ledger)
        store.update(written)
    assert 2 * 700 < largest < 2 * 2_000 + 1_000
    assert b"".join(store.values()).count(b"x" * 700) == 60


def _fat(declared: Any, text: str) -> Any:
    def project(acc: Any, scope: Scope, outputs: Outputs) -> None:
        declared.project(acc, scope, outputs)
        for place, entry in outputs.entries.items():
            if place.ledger == WARMTH_LEDGER.prefix:
                outputs.entries[place] = msgspec.structs.replace(entry, text=text)

    return replace(declared, project=project)
