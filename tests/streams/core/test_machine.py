"""The segmented fold equals the plain one: every step, any order, any segment length, restarted anywhere.

A toy reducer has what makes folds hard: rows that later events seal, a row that every event moves, parts that are
stated again or changed by other events, a test flag over everything, and entries for a ledger whose rows depend on what
came before them.
"""

from typing import Any, ClassVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core import segments
from streams.core.activity import active_keys, patched, patches_by_part
from streams.core.algebra import RecordedEvent, SortKey, fold_order
from streams.core.columns import Row
from streams.core.events import FollowupLogged
from streams.core.machine import Ledger, Machine, Reducer
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_change import MetricChangeRow
from streams.core.rules import Rules


class Phase(Row, frozen=True, gc=False):
    TABLE: ClassVar[str] = "phase"
    KEY: ClassVar[int] = 2
    account_id: str
    at: int
    kind: str
    until: int | None
    is_test: bool


class Total(Row, frozen=True, gc=False):
    TABLE: ClassVar[str] = "total"
    KEY: ClassVar[int] = 1
    account_id: str
    phases: int
    changes: int


class Balance(Row, frozen=True, gc=False):
    TABLE: ClassVar[str] = "balance"
    KEY: ClassVar[int] = 3
    account_id: str
    at: int
    member: str
    balance: int


class Acc(msgspec.Struct, array_like=True):
    is_test: bool = False
    at: int = -1
    kind: str = ""
    phases: int = 0
    changes: int = 0


class Entry(msgspec.Struct, frozen=True, array_like=True):
    at: int
    member: str
    change: int


class Held(msgspec.Struct, array_like=True):
    account: str = ""
    balance: int = 0


def entry_key(entry: Entry) -> SortKey:
    return entry.at, entry.member


def key_of(recorded: RecordedEvent) -> SortKey:
    return recorded.event.occurred_at, *fold_order(recorded)


def part_of(recorded: RecordedEvent) -> str:
    event = recorded.event
    assert isinstance(event, FollowupLogged)
    return event.followup_id if event.followup_id != "none" and event.kind != "CHANGE" else ""


def patch_of(recorded: RecordedEvent) -> str:
    event = recorded.event
    assert isinstance(event, FollowupLogged)
    return event.followup_id if event.kind == "CHANGE" else ""


def apply(acc: Acc, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    event = recorded.event
    assert isinstance(event, FollowupLogged)
    if event.kind == "CHANGE":
        acc.changes += 1
        return
    if acc.at >= 0 and acc.at != event.occurred_at and sealed is not None:
        sealed.rows.append(Phase("acme", acc.at, acc.kind, event.occurred_at, acc.is_test))
    if sealed is not None:
        place = Handover("L", "", (event.occurred_at, "/".join(map(str, fold_order(recorded)))))
        change = (-1 if event.kind == "MINUS" else 1) * (1 + len(recorded.patches))
        sealed.entries[place] = Entry(event.occurred_at, place.key[1], change)  # type: ignore[arg-type]
    acc.phases += acc.at != event.occurred_at
    acc.at, acc.kind = event.occurred_at, "/".join([event.kind, *(each.event.event_id for each in recorded.patches)])


def project(acc: Acc, _scope: Scope, outputs: Outputs) -> None:
    if acc.at >= 0:
        outputs.rows.append(Phase("acme", acc.at, acc.kind, None, acc.is_test))
        outputs.rows.append(Total("acme", acc.phases, acc.changes))


def post(held: Held, entry: Entry, _scope: Scope, sealed: Outputs | None) -> None:
    held.balance += entry.change
    if sealed is not None:
        sealed.rows.append(Balance(held.account, entry.at, entry.member, held.balance))


TOY = Reducer("toy", "T", lambda _event: "x", Acc, apply, project, key_of, part_of, patch_of)
LEDGER = Ledger("L", Entry, Held, post, lambda *_: None, entry_key, lambda account, _name: Held(account))


@st.composite
def histories(draw: Any) -> list[RecordedEvent]:
    recorded_events: list[RecordedEvent] = []
    for number in range(draw(st.integers(1, 40))):
        corrects = draw(st.none() | st.none() | st.none() | st.integers(0, 40).map(lambda n: f"e{n}"))
        event = FollowupLogged(
            event_id=draw(st.sampled_from([f"e{number}"] * 9 + ["e1"])),
            account_id="acme",
            occurred_at=draw(st.sampled_from([number, number, number, draw(st.integers(0, 40))])),
            source=f"s{number}",
            entity_version=draw(st.sampled_from([None, None, None, 1])),
            corrects_event_id=corrects,
            is_retraction=corrects is not None and draw(st.booleans()),
            is_test=draw(st.sampled_from([False] * 30 + [True])),
            response_id="r",
            followup_id=draw(st.sampled_from(["none", "none", "p1", "p2", draw(st.integers(3, 9).map("p{}".format))])),
            kind=draw(st.sampled_from(["PLUS", "MINUS", "CHANGE"])),
        )
        recorded_events.append(RecordedEvent(event, number))
    return recorded_events


def plain(recorded_events: list[RecordedEvent]) -> dict[Any, Row]:
    """The oracle: all active events, folded from the beginning, and the ledger from all entries."""
    active = active_keys(recorded_events, part_of)
    chosen = sorted(
        (recorded_event for recorded_event in recorded_events if fold_order(recorded_event) in active), key=key_of
    )
    patches = patches_by_part(chosen, patch_of, key_of)
    acc, outputs, scope = (
        Acc(any(recorded_event.event.is_test for recorded_event in chosen)),
        Outputs(),
        Scope(Rules(), 0),
    )
    for recorded_event in chosen:
        apply(acc, patched(recorded_event, part_of(recorded_event), patches), scope, outputs)
    project(acc, scope, outputs)
    held = Held("acme")
    for place in sorted(outputs.entries, key=lambda place: place.key):
        post(held, outputs.entries[place], scope, outputs)
    assert len({row.identity() for row in outputs.rows}) == len(outputs.rows), "an identity was sealed twice"
    return {row.identity(): row for row in outputs.rows}


@pytest.mark.parametrize("size", [1, 2, 3, 64])
@given(st.data())
def test_the_segmented_fold_equals_the_plain_one_after_every_event(size: int, data: st.DataObject) -> None:
    """Whatever comes in whatever order, rows are those of the whole history; batches may end anywhere."""
    recorded_events = data.draw(histories())
    store: dict[bytes, bytes] = {}
    tables: dict[Any, Row] = {}
    before, segments.SEGMENT = segments.SEGMENT, size
    chunk, segments.CHUNK = segments.CHUNK, 2
    try:
        machine = Machine(store.get, Rules(), {"T": TOY}, {"L": LEDGER})
        for number, recorded_event in enumerate(recorded_events):
            for facts in machine.take(TOY, recorded_event, bytes([number]) * 24):
                for row in facts.removed:
                    del tables[row.identity()]
                tables |= {row.identity(): row for row in facts.rows}
            if data.draw(st.booleans()):
                machine.save()
                store.update({name: value for name, value in machine.changes.items() if value is not None})
                machine = Machine(store.get, Rules(), {"T": TOY}, {"L": LEDGER})
            assert tables == plain(recorded_events[: number + 1])
    finally:
        segments.SEGMENT, segments.CHUNK = before, chunk


def measure(held: Held, _scope: Scope, outputs: Outputs) -> None:
    outputs.measures["receivable", "", 0, ""] = (held.balance, 0, float(held.balance))


def plus(number: int) -> RecordedEvent:
    return RecordedEvent(
        FollowupLogged(
            event_id=f"e{number}", account_id="acme", occurred_at=number, source="s", response_id="r",
            followup_id="none", kind="PLUS",
        ),
        number,
    )  # fmt: skip


def test_what_a_ledger_measures_is_told_with_the_event_that_handed_over() -> None:
    """Some figures are known only where entities meet; who asks why one moved is shown the event all the same."""
    ledger = Ledger(
        "L", Entry, Held, post, measure, entry_key, lambda account, _name: Held(account), kind="receivables"
    )
    machine = Machine({}.get, Rules(), {"T": TOY}, {"L": ledger})
    told = [
        [
            (row.entity_kind, row.event_id, row.old_value, row.new_value)
            for facts in machine.take(TOY, plus(number), bytes([number]) * 24)
            for row in facts.rows
            if isinstance(row, MetricChangeRow)
        ]
        for number in (1, 2)
    ]
    assert told == [[("receivables", "e1", None, 1.0)], [("receivables", "e2", 1.0, 2.0)]]
