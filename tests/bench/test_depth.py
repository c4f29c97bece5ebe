"""The cost of depth is of events that are taken in, one entity deep: of anything else it would be another figure."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from bench.__main__ import arguments, chosen
from bench.depth import (
    FIRST_CORRECTED,
    IN_ORDER,
    LATE,
    QUICK,
    Cost,
    Grown,
    Limits,
    Measuring,
    as_json,
    measure_depth,
    opened,
)
from bench.depth_histories import BEGIN, HISTORIES, HOUR, LATE_EVERY, WITH_LATE, History
from bench.depth_table import depth_table, ratio
from bench.table import write_json
from schemas.codec import Codec
from streams.core.rows_reference import EventRow
from streams.core.rows_subscription import SubscriptionHistoryRow
from streams.live.fold import partition
from streams.live.fold.partition import Partition
from streams.live.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.record import Made
    from streams.live.fold.batch import Batch
    from streams.live.fold.record import Record

ENTITIES, DEPTH = 3, 25
CODEC = Codec()
SMALL = Limits((3, 12), build_s=60.0, more_s=0.02, least_s=0.0, most_s=60.0)
EVERY = pytest.mark.parametrize("history", HISTORIES, ids=lambda history: history.name)
PARTS = {
    "subscription_changes": (("subscription_history", 3), 0),
    "account_subscriptions": (("subscription", 2), 0),
    "moment_subscriptions": (("subscription", 2), 0),
    "invoice_payments": (("payment", 3), 1),
    "account_refunds": (("refund", 2), 0),
    "account_chargebacks": (("dispute", 2), 0),
    "account_credit_uses": (("invoice", 2), 1),
    "ticket_messages": (("ticket_message", 3), 1),
    "ticket_sessions": (("ticket_message", 3), 1),
    "ticket_agents": (("ticket_message", 3), 1),
    "account_managers": (("manager_assignment", 4), 0),
}
"""Tables with a row for each event but for so many at the beginning, and how many columns tell these apart."""
BY_NAME = {history.name: history for history in HISTORIES}


def folded(history: History, numbers: Iterable[int] = range(DEPTH)) -> tuple[Partition, Batch]:
    """One batch with events of a few entities, in the order in which they come."""
    store = MemoryStore()
    partition = opened(history, store)
    batch = partition.process([history.record(each, number) for number in numbers for each in range(ENTITIES)])
    partition.commit(batch)
    return partition, batch


@EVERY
def test_every_event_of_a_history_is_taken_in(history: History) -> None:
    """Dead letters and duplicates would be measured instead, unseen."""
    _, batch = folded(history)
    assert not batch.dead
    assert not batch.duplicates
    assert batch.records == len(batch.rows[EventRow.TABLE]) == ENTITIES * DEPTH


@EVERY
def test_a_history_is_of_one_entity_or_one_account(history: History) -> None:
    """Events that do not come to lie on each other are no deeper than one."""
    _, batch = folded(history)
    rows = [dict(zip(EventRow.__struct_fields__, row, strict=False)) for row in batch.rows[EventRow.TABLE]]
    assert len({row["account_id"] for row in rows}) == ENTITIES
    entities = DEPTH if history.name.startswith(("account_", "moment_")) else 1
    assert len({(row["account_id"], row["entity"]) for row in rows}) == ENTITIES * entities


@pytest.mark.parametrize("name", PARTS)
def test_no_event_takes_the_place_of_another(name: str) -> None:
    """Ten thousand tellings of one payment are one payment deep."""
    (table, key), once = PARTS[name]
    _, batch = folded(BY_NAME[name])
    assert len({row[:key] for row in batch.rows[table]}) == ENTITIES * (DEPTH - once)


@EVERY
def test_one_more_event_of_a_history_says_something_new(history: History) -> None:
    """What changes no row but the event's own is cheaper than what people do."""
    partition, _ = folded(history)
    batch = partition.process([history.record(0, DEPTH)])
    assert sum(map(len, batch.rows.values())) > len(batch.rows[EventRow.TABLE])


@EVERY
def test_a_correction_of_the_first_event_is_taken_in_and_changes_what_is_said(history: History) -> None:
    partition, _ = folded(history)
    batch = partition.process([history.correction(0, DEPTH)])
    assert not batch.dead
    (event,) = batch.rows[EventRow.TABLE]
    first = CODEC.decode(history.record(0, 0).value())[1]["event_id"]
    assert dict(zip(EventRow.__struct_fields__, event, strict=False))["corrects_event_id"] == first
    assert sum(map(len, batch.rows.values())) > 1


@EVERY
def test_a_history_goes_forward_but_for_late_events(history: History) -> None:
    """Stored as it happens; a late event is stored when its turn comes, and happened at any time before."""
    made = [history.record(0, number) for number in range(DEPTH)]
    times = [CODEC.decode(each.value())[1]["occurred_at"] for each in made]
    assert times == [BEGIN + number * HOUR for number in range(DEPTH)]
    late = [history.record(entity, 1_000, late=True) for entity in range(200)]
    assert {each.timestamp() for each in late} == {history.record(0, 1_000).timestamp()}
    places = sorted((CODEC.decode(each.value())[1]["occurred_at"] - BEGIN) / HOUR for each in late)
    assert 0 < places[0] < 100
    assert 900 < places[-1] < 1_000
    assert 400 < places[len(places) // 2] < 600


def test_a_late_change_is_among_the_phases_of_its_subscription() -> None:
    """One that took effect when it was told of would be late in its envelope alone."""
    partition, _ = folded(BY_NAME["subscription_changes"])
    batch = partition.process([BY_NAME["subscription_changes"].record(0, DEPTH, late=True)])
    rows = [
        dict(zip(SubscriptionHistoryRow.__struct_fields__, row, strict=False))
        for row in batch.rows[SubscriptionHistoryRow.TABLE]
    ]
    late, last = min(row["valid_from"] for row in rows), BEGIN + (DEPTH - 1) * HOUR
    assert not batch.dead
    assert [row["valid_to"] for row in rows if BEGIN < row["valid_from"] == late < last] != [None]


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[list[bytes]]:
    """The accounts of each batch that a partition takes in."""
    seen: list[list[bytes]] = []
    process = Partition.process

    def noted(partition: Partition, records: Iterable[Record]) -> Batch:
        given = list(records)
        seen.append([each.key() or b"" for each in given])
        return process(partition, given)

    monkeypatch.setattr(Partition, "process", noted)
    return seen


def test_what_is_measured_has_one_event_of_an_entity_in_a_batch(batches: list[list[bytes]]) -> None:
    """A large batch of one entity may cost little more than one event of it: that would be measured."""
    grown = Grown(BY_NAME["ticket_messages"], with_late=False)
    assert all(grown.deepen(entity, 40, 60.0) for entity in range(ENTITIES))
    del batches[:]
    found = Measuring(grown, ENTITIES, 40, IN_ORDER).cost(SMALL)
    assert found.events >= ENTITIES * (len(batches) - len(batches) // ENTITIES)
    assert all(sorted(accounts) == [b"acc-00000", b"acc-00001", b"acc-00002"] for accounts in batches)


def test_one_measured_event_in_a_hundred_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mean over other shares is the cost of another history."""
    told: list[bool] = []
    record = History.record

    def noted(history: History, entity: int, number: int, *, late: bool = False) -> Made:
        if number > DEPTH:
            told.append(late)
        return record(history, entity, number, late=late)

    monkeypatch.setattr(History, "record", noted)
    grown = Grown(BY_NAME["subscription_changes"], with_late=True)
    assert grown.deepen(0, DEPTH, 60.0)
    found = Measuring(grown, 1, DEPTH, LATE).cost(SMALL)
    assert found.events == len(told) == LATE_EVERY
    assert told.count(True) == 1


def test_every_history_has_a_row_for_each_depth_and_order() -> None:
    """Machines read bench.json: names, histories, depths and figures must be there as promised."""
    found = as_json(measure_depth(SMALL, lambda _: None))
    orders = {(each["history"], each["order"]) for each in found}
    both = {(history.name, order) for history in HISTORIES for order in (IN_ORDER, FIRST_CORRECTED)}
    assert orders == both | {(name, LATE) for name in WITH_LATE}
    assert sorted((each["history"], each["order"], each["depth"]) for each in found) == sorted(
        (*order, depth) for order in orders for depth in SMALL.depths
    )
    assert all(each["name"] == "depth" and each["refused"] == 0 for each in found)
    assert all(each["reached"] == each["depth"] and each["entities"] > 0 and each["events"] > 0 for each in found)
    assert all(each["cpu_us_per_event"] > 0 and each["changelog_bytes_per_event"] > 0 for each in found)


def test_what_an_entity_refuses_is_counted_and_has_no_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is cheap: as the cost of an event it would praise what takes nothing in."""
    taken: Counter[bytes | None] = Counter()
    right = partition.refusal_of

    def refusing(event: Any, key: bytes | None, *rest: Any) -> Any:
        """Refuse all but the first three events of an account."""
        taken[key] += 1
        return right(event, key, *rest) if taken[key] <= 3 else ("invalid_field", "too many")

    monkeypatch.setattr(partition, "refusal_of", refusing)
    rows = measure_depth(SMALL, lambda _: None, [BY_NAME["invoice_payments"]])
    deep = [each for each in rows if each.depth == SMALL.depths[-1]]
    assert deep
    assert all(each.refused and each.cpu_us_per_event is None for each in deep)


def test_a_depth_that_takes_too_long_says_how_far_it_came() -> None:
    """Less deep figures under the name of a depth would be too good."""
    rows = measure_depth(replace(SMALL, build_s=0.0), lambda _: None)
    assert {(each.cpu_us_per_event, each.events, each.reached, each.refused) for each in rows} == {(None, 0, 0, 0)}
    assert "not reached (0)" in " ".join(shown(rows).split())


def test_a_depth_that_is_out_of_reach_is_given_up_at_once() -> None:
    """Whoever waits for it learns nothing more, and the run has minutes."""
    grown = Grown(BY_NAME["response_corrections"], with_late=False)
    assert grown.deepen(0, DEPTH, 60.0)
    assert not grown.deepen(0, 10**9, 1.0)
    assert grown.reached(0) == DEPTH


def test_too_few_late_events_are_no_figure() -> None:
    """Without one late event among them they would be those of a history in order."""
    grown = Grown(BY_NAME["subscription_changes"], with_late=True)
    assert grown.deepen(0, DEPTH, 60.0)
    short = replace(SMALL, most_s=1e-9)
    assert Measuring(grown, 1, DEPTH, LATE).cost(short).cpu_us_per_event is None
    assert Measuring(grown, 1, DEPTH, IN_ORDER).cost(short).cpu_us_per_event


def cost(depth: int, micros: float | None, **others: Any) -> Cost:
    return replace(Cost("response_corrections_by_id", depth, IN_ORDER, micros, 2 * 10**6, 0, 1, 100, depth), **others)


def shown(found: Sequence[Cost]) -> str:
    console = Console(width=80)
    with console.capture() as printed:
        console.print(depth_table(found))
    return printed.get()


def test_a_ratio_is_that_to_the_least_depth_of_the_same_history_and_order() -> None:
    rows = [cost(10, 50.0), cost(100, 200.0), cost(10, 1.0, order=LATE), cost(100, 9.0, order=LATE), cost(1_000, None)]
    assert [ratio(rows, each) for each in rows] == [1.0, 4.0, 1.0, 9.0, None]
    assert ratio(rows[1:2], rows[1]) == 1.0
    assert ratio([cost(10, None), rows[1]], rows[1]) is None


def test_the_table_fits_eighty_columns() -> None:
    """It is read in a terminal: a line that is cut or broken has lost a figure."""
    corrected = [cost(10, 1e6, order=FIRST_CORRECTED), cost(10_000, 98_765_432.0, order=FIRST_CORRECTED)]
    rows = [cost(10, 12.5), cost(10_000, None, refused=8_001), cost(10_000, None, reached=1_234), *corrected]
    lines = shown(rows).splitlines()
    assert max(map(len, lines)) <= 80
    assert any(
        "response_corrections_by_id" in line and "2,000,000" in line and line.split()[-1] == "1.0" for line in lines
    )
    assert any(line.split() == ["10,000", "refused", "(8,001)"] for line in lines)
    assert any(line.split() == ["10,000", "not", "reached", "(1,234)"] for line in lines)
    assert any("98,765,432" in line and line.split()[-1] == "98.8" for line in lines)


def test_the_rows_stand_in_bench_json(tmp_path: Path) -> None:
    write_json([], tmp_path / "bench.json", as_json([cost(10, 12.5)]))
    (read,) = json.loads((tmp_path / "bench.json").read_text())
    promised = {"name": "depth", "history": "response_corrections_by_id", "depth": 10, "order": "in_order"}
    assert promised.items() <= read.items()
    assert read["cpu_us_per_event"] == 12.5


def test_a_part_is_chosen_by_its_name_with_only_or_without() -> None:
    """`python -m bench depth` must not run everything for an hour."""
    assert chosen(arguments(["depth"])).names == ("depth",)
    assert chosen(arguments(["--quick", "--only", "depth"])).names == ("depth",)
    assert chosen(arguments(["--quick", "depth"])).limits == QUICK
    assert "depth" in chosen(arguments([])).names
    with pytest.raises(SystemExit):
        arguments(["depths"])
