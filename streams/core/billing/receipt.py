"""The receipt: a payment that came in before it was known what it pays, and what banks took back of its rest."""

from collections.abc import Iterator, Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note, effective
from streams.core.billing.money import micros
from streams.core.billing.payment_rows import return_row
from streams.core.events import PaymentReceived, PaymentReturned
from streams.core.rows import PaymentReturnRow, ReceiptRow, Row
from streams.core.rules import Rules

ReceiptEvent = PaymentReceived | PaymentReturned


class Receipt(msgspec.Struct, gc=False):
    """A payment as its standing events say; local to one fold. `stored` says by event when Kafka stored it."""

    payment_id: str
    received: PaymentReceived | None = None
    returns: dict[str, PaymentReturned] = {}
    sources: set[str] = set()
    stored: dict[str, int] = {}
    is_test: bool = False


def everything(notes: tuple[Note, ...]) -> Sequence[Note]:
    """One whose events were all taken back still says so to the payment that it is part of."""
    return notes


def fold(notes: Sequence[Note]) -> Receipt | None:
    if not notes:
        return None
    first: ReceiptEvent = notes[0].event  # type: ignore[assignment] # routed here by its type
    receipt = Receipt(first.payment_id)
    for note in effective(tuple(notes)):
        event: ReceiptEvent = note.event  # type: ignore[assignment] # as above
        receipt.stored[event.event_id] = note.ingested_at
        receipt.is_test = receipt.is_test or event.is_test
        match event:
            case PaymentReceived():
                receipt.received = event
                receipt.sources.add(event.source)
            case PaymentReturned():
                receipt.returns[event.return_id] = event
            case _:
                assert_never(event)
    return receipt


def rows(receipt: Receipt | None, _rules: Rules, _passed: int) -> Sequence[Row]:
    if receipt is None:
        return ()
    return [*_received(receipt), *_returned(receipt)]


def _received(receipt: Receipt) -> Iterator[ReceiptRow]:
    told = receipt.received
    if told is not None:
        yield ReceiptRow(
            told.account_id,
            told.payment_id,
            micros(told.amount, told.exponent),
            told.currency,
            told.received_at,
            told.method or "",
            ("two_sources",) if len(receipt.sources) > 1 else (),
            receipt.is_test,
            told.source,
            told.event_id,
            receipt.stored[told.event_id],
        )


def _returned(receipt: Receipt) -> Iterator[PaymentReturnRow]:
    for event in receipt.returns.values():
        yield return_row(event, receipt.is_test, receipt.stored[event.event_id])
