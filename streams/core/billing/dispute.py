"""The dispute: of an invoice by the customer, or of a payment by the bank; opened and closed, told in any order."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from streams.core.algebra import Note
from streams.core.billing.money import micros
from streams.core.events import DisputeClosed, DisputeOpened
from streams.core.rows import DisputeRow
from streams.core.rules import Rules

DisputeEvent = DisputeOpened | DisputeClosed


class Dispute(msgspec.Struct):
    """A dispute as its standing events say; local to one fold."""

    last: Note
    opened: DisputeOpened | None = None
    closed: DisputeClosed | None = None
    sources: set[str] = set()

    @property
    def is_test(self) -> bool:
        return any(each.is_test for each in (self.opened, self.closed) if each is not None)

    @property
    def status(self) -> str:
        if self.opened is None:
            return "incomplete"
        return "open" if self.closed is None else self.closed.outcome.lower()


def fold(notes: Sequence[Note]) -> Dispute | None:
    if not notes:
        return None
    dispute = Dispute(last=notes[-1])
    for note in notes:
        event: DisputeEvent = note.event  # type: ignore[assignment] # routed here by its type
        match event:
            case DisputeOpened():
                dispute.opened = event
                dispute.sources.add(event.source)
            case DisputeClosed():
                dispute.closed = event
            case _:
                assert_never(event)
    return dispute


def rows(dispute: Dispute | None, _rules: Rules, _passed: int) -> Sequence[DisputeRow]:
    if dispute is None:
        return ()
    told, closed, last = dispute.opened, dispute.closed, dispute.last
    event: DisputeEvent = last.event  # type: ignore[assignment] # as above
    return (
        DisputeRow(
            event.account_id,
            event.dispute_id,
            (told.invoice_id or "") if told else "",
            (told.payment_id or "") if told else "",
            told is not None and told.payment_id is not None,
            dispute.status,
            micros(told.amount, told.exponent) if told else 0,
            micros(told.fee, told.exponent) if told else 0,
            told.currency if told else "",
            told.occurred_at if told else None,
            closed.occurred_at if closed else None,
            (told.reason or "") if told else "",
            tuple(_flags(dispute)),
            dispute.is_test,
            event.source if told is None else told.source,
            event.event_id,
            last.ingested_at,
        ),
    )


def _flags(dispute: Dispute) -> Sequence[str]:
    told, closed = dispute.opened, dispute.closed
    if told is None:
        return ()
    found = {
        "closed_before_opened": closed is not None and closed.occurred_at < told.occurred_at,
        "unknown_outcome": closed is not None and closed.outcome == "UNKNOWN",
        "two_sources": len(dispute.sources) > 1,
    }
    return [flag for flag, holds in found.items() if holds]
