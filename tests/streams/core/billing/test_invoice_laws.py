"""The laws of the books. Account managers are paid by these figures, so they hold for every history, however odd."""

from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.columns import Row
from streams.core.events import InvoiceIssued
from streams.core.rows_change import MetricChangeRow
from streams.core.rows_receivable import InvoiceRow, PaymentAttemptRow, PaymentRow, ReceivableEntryRow
from tests.support.invoices import histories
from tests.support.machine import Machine, figures, run


def postings(machine: Machine, book: str) -> dict[str, list[ReceivableEntryRow]]:
    """Entries of a book by invoice, in the order of time."""
    found = defaultdict(list)
    for row in sorted(
        (row for row in machine.tables.values() if isinstance(row, ReceivableEntryRow) and row.book == book),
        key=lambda row: row.at,
    ):
        found[row.invoice_id].append(row)
    return found


def invoices(machine: Machine) -> list[InvoiceRow]:
    return [row for row in machine.tables.values() if isinstance(row, InvoiceRow)]


@given(histories(), st.randoms(use_true_random=False))
def test_any_order_of_arrival_ends_in_the_same_tables(recorded_events: list[RecordedEvent], chance: object) -> None:
    """Processor, ledger and bank report the same invoice in any order; the books must not show which came first."""
    shuffled = list(recorded_events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = run(recorded_events), run(shuffled, recode=True)
    assert (figures(one), one.revisions()) == (figures(other), other.revisions())


@given(histories(), st.data())
def test_duplicates_and_restarts_change_nothing(recorded_events: list[RecordedEvent], data: st.DataObject) -> None:
    """Webhooks are delivered again, workers die between any two: no amount may count twice."""
    again = data.draw(st.lists(st.sampled_from(recorded_events), max_size=5))
    assert run([*recorded_events, *again], recode=True).tables == run(recorded_events).tables


@given(histories(), st.data())
def test_an_event_that_is_taken_back_leaves_no_posting(
    recorded_events: list[RecordedEvent], data: st.DataObject
) -> None:
    """A booking in error is taken back to the last cent, whatever was settled against it."""
    taken_back = data.draw(st.sampled_from(recorded_events))
    retraction = msgspec.structs.replace(
        taken_back.event,
        event_id="ffffffff-ffff-4fff-8fff-ffffffffffff",
        entity_version=2**63 - 1,
        corrects_event_id=taken_back.event.event_id,
        is_retraction=True,
    )
    without = run([recorded for recorded in recorded_events if recorded is not taken_back])
    assert figures(
        run(
            [*recorded_events, RecordedEvent(retraction, max(recorded.ingested_at for recorded in recorded_events) + 1)]
        )
    ) == figures(without)


@given(histories())
def test_what_is_receivable_is_what_is_open(recorded_events: list[RecordedEvent]) -> None:
    """The postings and the totals are worked out on two paths; a difference is money that appeared or went missing."""
    machine = run(recorded_events)
    booked = postings(machine, "receivable")
    for invoice in invoices(machine):
        assert sum(row.amount_micros for row in booked[invoice.invoice_id]) == invoice.open_micros


@given(histories())
def test_a_receivable_is_never_below_zero_at_any_time(recorded_events: list[RecordedEvent]) -> None:
    """Nobody owes less than nothing: what comes on top is the customer's credit, from that very moment on."""
    for rows in postings(run(recorded_events), "receivable").values():
        balance = 0
        for at in sorted({row.at for row in rows}):
            balance += sum(row.amount_micros for row in rows if row.at == at)
            assert balance >= 0


@given(histories())
def test_the_books_add_up_to_issued_less_paid_credited_written_off_and_voided(
    recorded_events: list[RecordedEvent],
) -> None:
    """Receivables less customer credit is the balance with the customer: every amount enters it once, none is lost."""
    machine = run(recorded_events)
    for invoice in invoices(machine):
        if invoice.status == "incomplete":
            continue
        named: defaultdict[str, int] = defaultdict(int)
        for book, sign in (("receivable", 1), ("customer_credit", -1)):
            for row in postings(machine, book)[invoice.invoice_id]:
                if row.currency == invoice.currency:
                    named[row.kind] += sign * row.amount_micros
        assert named["issued"] == invoice.total_micros
        assert named["paid"] == -invoice.paid_micros
        assert named["credit_applied"] == 0
        assert named["written_off"] == -invoice.written_off_micros
        if invoice.status == "void":
            assert named["issued"] + named["credited"] + named["voided"] == named["written_off"] == 0
        else:
            assert (named["credited"], named["voided"]) == (-invoice.credited_micros, 0)


@given(histories())
def test_credit_of_the_customer_is_what_was_paid_and_not_used(recorded_events: list[RecordedEvent]) -> None:
    """Customer credit is money that has to be paid back: without credit notes it is never more than what came in."""
    machine = run(recorded_events)
    for invoice in invoices(machine):
        rows = postings(machine, "customer_credit")[invoice.invoice_id]
        owed = sum(
            row.amount_micros for row in rows if row.currency == invoice.currency and row.kind != "credit_applied"
        )
        most = invoice.paid_micros + invoice.credited_micros + invoice.credit_applied_micros
        assert 0 <= owed <= most + max(-invoice.total_micros, 0)
        if invoice.open_micros > 0:
            assert owed == 0


@given(histories())
def test_one_attempt_of_an_invoice_is_its_first(recorded_events: list[RecordedEvent]) -> None:
    """The failure rate counts each invoice once, by its first attempt; two firsts would count it twice."""
    tried: defaultdict[str, list[PaymentAttemptRow]] = defaultdict(list)
    machine = run(recorded_events)
    for row in machine.tables.values():
        if isinstance(row, PaymentAttemptRow):
            tried[row.invoice_id].append(row)
    for rows in tried.values():
        (first,) = (row for row in rows if row.is_first)
        assert first.at == min(row.at for row in rows)
    paid_for = [row.invoice_id for row in machine.tables.values() if isinstance(row, PaymentRow)]
    assert len(paid_for) == sum(row.outcome == "succeeded" for rows in tried.values() for row in rows)


@given(histories())
def test_an_invoice_without_its_issue_is_only_what_was_paid(recorded_events: list[RecordedEvent]) -> None:
    """A payment may come long before the invoice it names: until then it is the customer's money, not a sale."""
    machine = run([recorded for recorded in recorded_events if not isinstance(recorded.event, InvoiceIssued)])
    assert not postings(machine, "receivable")
    for invoice in invoices(machine):
        assert (invoice.status, invoice.flags) == ("incomplete", ("not_issued",))
        credit = sum(row.amount_micros for row in postings(machine, "customer_credit")[invoice.invoice_id])
        rows = [row for row in machine.tables.values() if isinstance(row, PaymentRow)]
        assert credit == sum(row.amount_micros for row in rows if row.invoice_id == invoice.invoice_id)


@given(histories(), st.data())
def test_a_retraction_tells_what_it_took_from_the_books(
    recorded_events: list[RecordedEvent], data: st.DataObject
) -> None:
    """Balances that were published move only with a row beside them, which says by how much, posting by posting."""
    taken_back = data.draw(
        st.sampled_from(
            [recorded for recorded in recorded_events if recorded.event.corrects_event_id is None] or recorded_events
        )
    )
    retraction = msgspec.structs.replace(
        taken_back.event,
        event_id="ffffffff-ffff-4fff-8fff-ffffffffffff",
        occurred_at=max(recorded.event.occurred_at for recorded in recorded_events),
        entity_version=2**63 - 1,
        corrects_event_id=taken_back.event.event_id,
        is_retraction=True,
    )
    before, after = (
        run(recorded_events),
        run(
            [*recorded_events, RecordedEvent(retraction, max(recorded.ingested_at for recorded in recorded_events) + 1)]
        ),
    )
    told = sum(
        round(((row.new_value or 0) - (row.old_value or 0)) * 1_000_000)
        for row in after.tables.values()
        if isinstance(row, MetricChangeRow) and row.metric == "receivable" and row.event_id == retraction.event_id
    )
    assert told == sum(map(posted, after.tables.values())) - sum(map(posted, before.tables.values()))


def posted(row: Row) -> int:
    """What a row adds to receivables; credit of customers is a balance of the account."""
    return row.amount_micros if isinstance(row, ReceivableEntryRow) and row.book == "receivable" else 0
