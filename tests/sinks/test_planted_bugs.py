"""The alarms of the books: silent over every odd history, and red as soon as the code that makes the rows is wrong."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from clickhouse_driver import Client

from sinks.clickhouse import ClickHouseSink
from sinks.port import RowTuple
from sinks.settings import Warehouse
from streams.core.algebra import RecordedEvent
from streams.core.billing import credit, facts, receivable
from streams.core.billing.facts import Fact
from streams.core.billing.receivable import Books
from tests.sinks.conftest import Migrated
from tests.support.invoices import credited, day, issued, paid, voided, written_off
from tests.support.machine import run
from tests.support.money import applied, charged_back, dispute_ended, received, refunded, returned

HISTORIES: dict[str, list[RecordedEvent]] = {
    "parts": [issued(1, 10_000), paid(5, 3_000), paid(9, 7_000, "P2")],
    "overpaid": [issued(1, 10_000, credit_applied=1_000), paid(5, 12_000)],
    "void": [issued(1, 10_000), paid(2, 4_000), credited(2, 1_000), written_off(2, 500), voided(3), paid(4, 100, "P2")],
    "negative": [issued(1, -5_000), paid(2, 100)],
    "lost": [issued(1, 10_000), credited(2, 1_000), written_off(3), paid(4, 6_000), credited(5, 4_000, "C2")],
    "before": [paid(1, 4_000), issued(3, 10_000, credit_applied=9_000)],
    "unknown": [paid(1, 4_000), credited(2, 100), written_off(3), voided(4)],
    "currencies": [issued(1, 10_000), paid(5, 9_000, currency="EUR"), credited(6, 100, currency="EUR")],
    "returned": [issued(1, 10_000), paid(2, 12_000), returned(5, 12_000), paid(7, 10_000, "P2")],
    "refunded": [issued(1, 8_000), paid(2, 10_000, payment_amount=15_000), refunded(4, 9_000)],
    "claimed": [issued(1, 8_000), paid(2, 10_000), charged_back(4, 4_000), dispute_ended(6, "WON")],
    "used": [issued(1, -1_000, invoice_id="I2"), issued(2, 3_000), applied(4, 1_500), received(5, 2_000), voided(9)],
    "sources": [issued(1, 10_000), issued(2, 9_000, source="erp:main", issued_at=day(1)), paid(3, 9_000)],
}
Tables = dict[str, list[RowTuple]]


def rows() -> Tables:
    """Rows of every history, each in an account of its own, as the core makes them now."""
    made: defaultdict[str, list[RowTuple]] = defaultdict(list)
    for account, recorded_events in HISTORIES.items():
        own = [
            RecordedEvent(msgspec.structs.replace(recorded.event, account_id=account), recorded.ingested_at)
            for recorded in recorded_events
        ]
        for row in run(own).tables.values():
            made[row.TABLE].append((*msgspec.structs.astuple(row), 1, 0))
    return dict(made)


Told = dict[str, set[str]]


@pytest.fixture
def alarms(client: Client, empty: Callable[[Warehouse], Migrated]) -> Callable[[Tables], Told]:
    """Insert rows into empty tables and return the accounts that each broken invariant names."""

    def told(tables: Tables) -> Told:
        warehouse, generation = empty(Warehouse())
        ClickHouseSink(client, generation, checked=True).insert(tables)
        found: defaultdict[str, set[str]] = defaultdict(set)
        asked = f"SELECT invariant, account_id, subject_id, events FROM {warehouse.database}.broken_invariant"
        for invariant, account, subject, events in client.execute(asked):
            known = {recorded.event.event_id for recorded in HISTORIES[account]}
            assert events, invariant
            assert set(events) <= known
            assert subject in {"I1", "I2", "P1", "P2", "USD", "EUR"}
            found[invariant].add(account)
        return dict(found)

    return told


@pytest.mark.servers
def test_odd_histories_are_sound(alarms: Callable[[Tables], Told]) -> None:
    """An alarm that rings for a void invoice is switched off before the first real one."""
    assert alarms(rows()) == {}


OPEN = "what_is_receivable_is_what_is_open"
BELOW = "a_receivable_is_never_below_zero"
BOOKS = "the_books_are_issued_less_paid_credited_written_off_and_voided"
TWICE = "a_payment_is_never_allocated_twice"


ISSUED = "what_is_issued_is_open_settled_lost_or_given_back"
CAME = "what_came_in_is_kept_or_went_out"


def _twice(made: Books, fact: Fact, kind: Any, change: int, money: int = 0, post: Any = Books.post) -> None:
    post(made, fact, kind, change, money)
    if kind == "paid":
        post(made, msgspec.structs.replace(fact, reference=f"{fact.reference}-again"), kind, change, money)


def _below_zero(made: Books, fact: Fact, kind: Any, change: int, _money: int = 0) -> None:
    made.balance += change
    made.enter(fact, kind, "receivable", change)


@pytest.mark.servers
def test_a_payment_that_is_posted_twice_is_told(
    alarms: Callable[[Tables], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest bug of all ledgers."""
    monkeypatch.setattr(Books, "post", _twice)
    told = alarms(rows())
    assert {"parts", "overpaid", "negative"} <= told[BOOKS]
    assert "before" not in told.get(BELOW, set())


@pytest.mark.servers
def test_a_receivable_below_zero_is_told(alarms: Callable[[Tables], Told], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the customer's own book an overpayment lowers what others owe."""
    monkeypatch.setattr(Books, "post", _below_zero)
    told = alarms(rows())
    assert {"overpaid", "negative", "before"} <= told[BELOW]
    assert {"overpaid", "negative"} <= told[OPEN]


@pytest.mark.servers
def test_an_exponent_taken_for_another_is_told(
    alarms: Callable[[Tables], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A factor of ten in the postings alone, as after a careless change of one module."""
    monkeypatch.setattr(facts, "micros", lambda minor, exponent: minor * 10 ** (5 - exponent))
    told = alarms(rows())
    assert {"parts", "overpaid"} <= told[BOOKS]
    assert "parts" in told[OPEN]


@pytest.mark.servers
def test_a_surplus_that_stays_paid_is_told(alarms: Callable[[Tables], Told], monkeypatch: pytest.MonkeyPatch) -> None:
    """Money of which the customer has a part is counted as revenue, and as owed to the customer as well."""
    monkeypatch.setattr(receivable, "paid", lambda _balance, money: money)
    told = alarms(rows())
    assert {"overpaid", "refunded"} <= told[ISSUED] & told[CAME]
    assert "parts" not in told[ISSUED]


@pytest.mark.servers
def test_money_given_back_that_nobody_misses_is_told(
    alarms: Callable[[Tables], Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refunded or claimed beyond the customer's credit was paid for something."""
    monkeypatch.setattr(credit._Credit, "_lack", lambda *_: None)
    told = alarms(rows())
    assert {"refunded", "claimed"} <= told[CAME]
    assert ISSUED not in told


@pytest.mark.servers
def test_a_return_that_opens_nothing_is_told(alarms: Callable[[Tables], Told]) -> None:
    """Without the posting the invoice stays paid by money that is gone."""
    tables = rows()
    for table in ("receivable_entry", "money_entry"):
        tables[table] = [each for each in tables[table] if each[4] != "returned"]
    told = alarms(tables)
    assert told[CAME] == {"returned"}
    assert "returned" in told[BOOKS]


@pytest.mark.servers
def test_a_payment_that_pays_two_invoices_in_full_is_told(alarms: Callable[[Tables], Told]) -> None:
    """Money is allocated once, or its source says how much there was."""
    tables = rows()
    first = next(each for each in tables["payment"] if each[0] == "overpaid")
    tables["payment"].append((*first[:2], "I2", *first[3:]))
    assert alarms(tables)[TWICE] == {"overpaid"}
