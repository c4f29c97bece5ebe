"""Events of invoices for tests: short to write, and as strategies that are rich in ties, repetitions and odd orders."""

from itertools import count
from typing import Any

import msgspec
from hypothesis import strategies as st

from streams.core.algebra import RecordedEvent
from streams.core.events import (
    CreditNoteIssued,
    DueDateChanged,
    DunningEnded,
    Event,
    InvoiceIssued,
    InvoicePaid,
    InvoicePaymentFailed,
    InvoiceVoided,
    InvoiceWrittenOff,
)

DAY = 86_400_000_000
START = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z."""
_numbers = count(1)


def day(number: float) -> int:
    """Time of a day of 2026, counted from 1, microseconds."""
    return START + int((number - 1) * DAY)


def noted(kind: type[Event], at: float, ingested: int | None = None, **fields: Any) -> RecordedEvent:
    """An event of account acme, and of invoice I1 if of any, on a day of 2026; stored when it happened, if not said."""
    envelope: dict[str, Any] = {
        "event_id": f"00000000-0000-4000-8000-{next(_numbers):012d}",
        "account_id": "acme",
        "occurred_at": day(at),
        "source": "billing:main",
        "invoice_id": "I1",
    }
    known = {name: value for name, value in envelope.items() if name in kind.__struct_fields__}
    event = kind(**(known | fields))
    return RecordedEvent(event, event.occurred_at if ingested is None else ingested)


def issued(at: float, total: int, **fields: Any) -> RecordedEvent:
    return noted(
        InvoiceIssued, at, **({"issued_at": day(at), "total": total, "currency": "USD", "exponent": 2} | fields)
    )


def paid(at: float, amount: int, payment_id: str = "P1", **fields: Any) -> RecordedEvent:
    money = {"payment_id": payment_id, "amount": amount, "currency": "USD", "exponent": 2, "paid_at": day(at)}
    return noted(InvoicePaid, at, **(money | fields))


def failed(at: float, amount: int, **fields: Any) -> RecordedEvent:
    return noted(InvoicePaymentFailed, at, **({"amount": amount, "currency": "USD", "exponent": 2} | fields))


def credited(at: float, amount: int, credit_note_id: str = "C1", **fields: Any) -> RecordedEvent:
    money = {"credit_note_id": credit_note_id, "amount": amount, "currency": "USD", "exponent": 2}
    return noted(CreditNoteIssued, at, **(money | fields))


def voided(at: float, **fields: Any) -> RecordedEvent:
    return noted(InvoiceVoided, at, **fields)


def written_off(at: float, amount: int | None = None, **fields: Any) -> RecordedEvent:
    money = {} if amount is None else {"amount": amount, "currency": "USD", "exponent": 2}
    return noted(InvoiceWrittenOff, at, **(money | fields))


def put_off(at: float, to: float, **fields: Any) -> RecordedEvent:
    return noted(DueDateChanged, at, due_at=day(to), **fields)


def given_up(at: float, **fields: Any) -> RecordedEvent:
    return noted(DunningEnded, at, outcome="EXHAUSTED", **fields)


_days = st.integers(1, 60)
_amounts = st.integers(1, 150)
_currency = st.sampled_from(["USD", "USD", "USD", "KRW"])
_exponents = {"USD": 2, "KRW": 0}


def _envelope() -> dict[str, Any]:
    return {
        "event_id": st.just(""),
        "account_id": st.just("acme"),
        "occurred_at": _days.map(day),
        "source": st.sampled_from(["billing:main", "billing:main", "erp:main"]),
        "entity_version": st.none() | st.integers(0, 3),
        "invoice_id": st.sampled_from(["I1", "I1", "I2"]),
    }


def _money() -> dict[str, Any]:
    return _envelope() | {"amount": _amounts, "currency": _currency, "exponent": st.just(2)}


_ISSUES = st.builds(
    InvoiceIssued,
    **_envelope(),
    issued_at=_days.map(day),
    due_at=st.none() | _days.map(day),
    total=st.integers(-100, 200),
    currency=_currency,
    exponent=st.just(2),
    credit_applied=st.integers(0, 60),
)
_EVENTS: st.SearchStrategy[Event] = st.one_of(
    _ISSUES,
    _ISSUES,
    st.builds(InvoicePaid, **_money(), payment_id=st.sampled_from(["P1", "P2", "P3"]), paid_at=_days.map(day)),
    st.builds(CreditNoteIssued, **_money(), credit_note_id=st.sampled_from(["P1", "C1"])),
    st.builds(InvoiceWrittenOff, **_envelope()),
    st.builds(InvoiceWrittenOff, **_money()),
    st.builds(InvoiceVoided, **_envelope()),
    st.builds(InvoicePaymentFailed, **_money(), payment_id=st.none() | st.just("P1"), attempt_no=st.integers(1, 3)),
    st.builds(DueDateChanged, **_envelope(), due_at=_days.map(day)),
    st.builds(DunningEnded, **_envelope(), outcome=st.sampled_from(["RECOVERED", "EXHAUSTED"])),
)


def _numbered(number: int, plan: tuple[Event, int | None, bool, int]) -> RecordedEvent:
    event, corrected, retracts, delay = plan
    corrects = None if corrected is None or corrected == number else _id(corrected)
    exponent = {"exponent": _exponents[event.currency]} if getattr(event, "currency", None) else {}  # type: ignore[union-attr]
    numbered = msgspec.structs.replace(
        event,
        event_id=_id(number),
        corrects_event_id=corrects,
        is_retraction=retracts and corrects is not None,
        **exponent,
    )
    return RecordedEvent(numbered, numbered.occurred_at + delay * DAY)


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def histories(max_size: int = 10) -> st.SearchStrategy[list[RecordedEvent]]:
    """Distinct events of two invoices in two currencies, in the order in which they arrived."""
    return histories_over(_EVENTS, max_size)


def histories_over(events: st.SearchStrategy[Event], max_size: int) -> st.SearchStrategy[list[RecordedEvent]]:
    """Distinct events, some of which correct or retract others."""
    corrections = st.none() | st.none() | st.integers(0, 9)
    plans = st.lists(st.tuples(events, corrections, st.booleans(), st.integers(0, 20)), min_size=1, max_size=max_size)
    return plans.map(lambda drawn: [_numbered(number, plan) for number, plan in enumerate(drawn)])
