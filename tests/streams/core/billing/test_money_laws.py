"""The laws of money over any history: per account and currency, to the millionth, at every instant."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.rows_refund import CreditEntryRow
from tests.support.conservation import broken
from tests.support.histories_billing import MONEY, billing_histories
from tests.support.machine import Machine, figures, run
from tests.support.money import money_histories


@given(money_histories())
def test_money_is_neither_made_nor_lost(recorded_events: list[RecordedEvent]) -> None:
    """Customers and managers are paid by these figures: an amount that is nowhere, or twice, is somebody's loss."""
    assert broken(run(recorded_events).tables.values()) == []


@given(billing_histories(MONEY, max_size=12))
def test_nor_is_it_over_every_money_event_there_is(recorded_events: list[RecordedEvent]) -> None:
    """Other sources, currencies and places of the decimal point, attempts, lines and due dates between them."""
    assert broken(run(recorded_events).tables.values()) == []


@given(money_histories(), st.randoms(use_true_random=False))
def test_which_came_first_does_not_show(recorded_events: list[RecordedEvent], chance: object) -> None:
    """Payments, returns and refunds meet in the ledger of the account, whichever was told first."""
    shuffled = list(recorded_events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert figures(run(shuffled, recode=True)) == figures(run(recorded_events))


@given(money_histories())
def test_credit_is_below_zero_only_where_it_was_used_or_returned(recorded_events: list[RecordedEvent]) -> None:
    """A refund takes credit as far as it goes and never more: the rest was given back, and owed to nobody."""
    for line, balances in credit_lines(run(recorded_events)).items():
        if line[0] == "given_back":
            assert min(balances) >= 0
        elif line[1] in ("applied", "returned"):
            assert max(balances) <= 0


def credit_lines(machine: Machine) -> dict[tuple[str, str, str, str, str, bool], list[int]]:
    """Balances of each line of the credit ledger, instant by instant."""
    found: dict[tuple[str, str, str, str, str, bool], list[int]] = {}
    rows = sorted((row for row in machine.tables.values() if isinstance(row, CreditEntryRow)), key=lambda row: row.at)
    for at in sorted({row.at for row in rows}):
        for row in rows:
            line = (row.book, row.kind, row.invoice_id, row.payment_id, row.currency, row.is_test)
            if row.at <= at:
                found.setdefault(line, []).append(0)
        for line, balances in found.items():
            mine = [row for row in rows if row.at <= at]
            balances[-1] = sum(
                row.amount_micros
                for row in mine
                if (row.book, row.kind, row.invoice_id, row.payment_id, row.currency, row.is_test) == line
            )
    return found
