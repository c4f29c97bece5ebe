"""The receipt: a payment that came in before it was known what it pays, and what banks took back of its rest."""

from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing import credit, payment_entries
from streams.core.billing.credit import CLAIMED, Move
from streams.core.billing.measures import came_back
from streams.core.billing.money import micros
from streams.core.billing.payment_entries import Told
from streams.core.billing.payment_rows import return_row
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import PaymentReceived, PaymentReturned, ReceiptEvent
from streams.core.outputs import Outputs, Scope
from streams.core.rows_refund import ReceiptRow


class Receipt(msgspec.Struct, array_like=True, gc=False):
    """The newest word on what was received, and who told of it."""

    is_test: bool = False
    received: RecordedEvent | None = None
    sources: set[str] = set()


def part_of(recorded: RecordedEvent) -> str:
    """Name the return that is stated."""
    event = recorded.event
    return event.return_id if isinstance(event, PaymentReturned) else ""


def apply(receipt: Receipt, recorded: RecordedEvent, _scope: Scope, sealed: Outputs | None) -> None:
    """Take the next event in fold order; what a bank took back is final."""
    event: ReceiptEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    match event:
        case PaymentReceived():
            receipt.received = recorded
            receipt.sources.add(event.source)
        case PaymentReturned():
            if sealed is not None:
                _return(receipt, recorded, event, sealed)
        case _:
            assert_never(event)


def _return(receipt: Receipt, recorded: RecordedEvent, event: PaymentReturned, outputs: Outputs) -> None:
    """Take the credit that a payment left for what banks took back of it."""
    outputs.rows.append(return_row(event, receipt.is_test, recorded.ingested_at))
    if not receipt.is_test:
        outputs.measures.update(came_back(event, event.return_id))
    credit.hand_over(
        Move(
            event.returned_at, CLAIMED, "returned", f"e{event.payment_id}", event.return_id, receipt.is_test,
            event.currency, micros(event.amount, event.exponent), "", event.payment_id, event.event_id,
            recorded.ingested_at,
        ),
        outputs,
    )  # fmt: skip


def project(receipt: Receipt, _scope: Scope, outputs: Outputs) -> None:
    """List what was received: it is part of its payment."""
    if receipt.received is None:
        return
    told: Any = receipt.received.event
    stored, amount = receipt.received.ingested_at, micros(told.amount, told.exponent)
    outputs.rows.append(
        ReceiptRow(
            told.account_id,
            told.payment_id,
            amount,
            told.currency,
            told.received_at,
            told.method or "",
            ("two_sources",) if len(receipt.sources) > 1 else (),
            receipt.is_test,
            told.source,
            told.event_id,
            stored,
        )
    )
    cause, member = (told.event_id, stored), f"e{told.payment_id}"
    said = Told(member, told.received_at, amount, True, told.source, receipt.is_test, told.currency, cause)
    payment_entries.hand_over(told.payment_id, outputs, said)


RECEIPT = Reducer(
    kind="receipt",
    prefix=PREFIXES["receipt"],
    events=ReceiptEvent,
    identify=attrgetter("payment_id"),
    accumulator=Receipt,
    apply=apply,
    project=project,
    part_of=part_of,
)
