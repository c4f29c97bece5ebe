"""The refund: money given back, and whether it came through. A failure stands, whichever of the two is told first."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note, effective
from streams.core.billing.money import micros
from streams.core.events import PaymentRefunded, RefundFailed
from streams.core.rows import RefundRow
from streams.core.rules import Rules

RefundEvent = PaymentRefunded | RefundFailed


class Refund(msgspec.Struct):
    """A refund as its standing events say; local to one fold. `payments` has every payment that any of them named.

    One whose events were all taken back does not stand.
    """

    last: Note
    stands: bool = True
    payments: set[str] = set()
    refunded: PaymentRefunded | None = None
    failed: RefundFailed | None = None
    sources: set[str] = set()

    @property
    def is_test(self) -> bool:
        return any(each.is_test for each in (self.refunded, self.failed) if each is not None)

    @property
    def status(self) -> str:
        if self.refunded is None:
            return "incomplete"
        return "refunded" if self.failed is None else "failed"


def everything(notes: tuple[Note, ...]) -> Sequence[Note]:
    """One that is taken back, or was of another payment, still says so to the payment that it was of."""
    return notes


def fold(notes: Sequence[Note]) -> Refund | None:
    if not notes:
        return None
    standing = effective(tuple(notes))
    refund = Refund(last=(standing or notes)[-1], stands=bool(standing))
    refund.payments = {note.event.payment_id for note in notes if isinstance(note.event, PaymentRefunded)}
    for note in standing:
        event: RefundEvent = note.event  # type: ignore[assignment] # routed here by its type
        match event:
            case PaymentRefunded():
                refund.refunded = event
                refund.sources.add(event.source)
            case RefundFailed():
                refund.failed = event
            case _:
                assert_never(event)
    return refund


def rows(refund: Refund | None, _rules: Rules, _passed: int) -> Sequence[RefundRow]:
    if refund is None or not refund.stands:
        return ()
    told, failed, last = refund.refunded, refund.failed, refund.last
    event: RefundEvent = last.event  # type: ignore[assignment] # as above
    return (
        RefundRow(
            event.account_id,
            event.refund_id,
            told.payment_id if told else "",
            (told.invoice_id or "") if told else "",
            refund.status,
            micros(told.amount, told.exponent) if told else 0,
            told.currency if told else "",
            told.requested_at if told else None,
            told.refunded_at if told else None,
            failed.occurred_at if failed else None,
            (told.reason or "") if told else "",
            (failed.failure_code or "") if failed else "",
            (told.ticket_id or "") if told else "",
            tuple(_flags(refund)),
            refund.is_test,
            event.source if told is None else told.source,
            event.event_id,
            last.ingested_at,
        ),
    )


def _flags(refund: Refund) -> Sequence[str]:
    told, failed = refund.refunded, refund.failed
    if told is None:
        return ()
    found = {
        "failed_before_refund": failed is not None and failed.occurred_at < told.refunded_at,
        "requested_after_refund": told.requested_at is not None and told.requested_at > told.refunded_at,
        "two_sources": len(refund.sources) > 1,
    }
    return [flag for flag, holds in found.items() if holds]
