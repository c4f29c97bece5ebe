"""The dispute: of an invoice by the customer, or of a payment by the bank; opened and closed, told in any order."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing import claims
from streams.core.billing.measures import claim_measures
from streams.core.billing.money import micros
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import DisputeClosed, DisputeEvent, DisputeOpened
from streams.core.outputs import Outputs, Scope
from streams.core.rows_refund import DisputeRow

_GIVES_BACK = frozenset({"WON", "WITHDRAWN"})
"""Ends of a claim with which the money comes back to us."""


class Dispute(msgspec.Struct, array_like=True, gc=False):
    """The newest event, the newest word on the opening, and the newest on the end; who told of the opening."""

    is_test: bool = False
    last: RecordedEvent | None = None
    opened: DisputeOpened | None = None
    closed: DisputeClosed | None = None
    sources: set[str] = set()


def apply(dispute: Dispute, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Take the next event in fold order; nothing of it is final."""
    event: DisputeEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    dispute.last = recorded
    match event:
        case DisputeOpened():
            dispute.opened = event
            dispute.sources.add(event.source)
        case DisputeClosed():
            dispute.closed = event
        case _:
            assert_never(event)


def project(dispute: Dispute, _scope: Scope, outputs: Outputs) -> None:
    """List the dispute. A chargeback takes credit, until it is won or withdrawn; of an invoice it moves no money."""
    told, closed = dispute.opened, dispute.closed
    if dispute.last is None:
        return
    outputs.rows.append(_row(dispute, dispute.last))
    if told is None:
        return
    if not dispute.is_test:
        outputs.measures.update(claim_measures(told))
    ended = None if closed is None or closed.outcome not in _GIVES_BACK else (closed.occurred_at, closed.event_id)
    stored = dispute.last.ingested_at
    claim = claims.Claim(f"p{told.dispute_id}", "charged_back", told.occurred_at, dispute.is_test, stored)
    claims.hand_over(claim, told, outputs, "claim_ended", ended)


def _status(dispute: Dispute) -> str:
    if dispute.opened is None:
        return "incomplete"
    return "open" if dispute.closed is None else dispute.closed.outcome.lower()


def _row(dispute: Dispute, last: RecordedEvent) -> DisputeRow:
    told, closed = dispute.opened, dispute.closed
    event: Any = last.event
    return DisputeRow(
        event.account_id,
        event.dispute_id,
        (told.invoice_id or "") if told else "",
        (told.payment_id or "") if told else "",
        told is not None and told.payment_id is not None,
        _status(dispute),
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


DISPUTE = Reducer(
    kind="dispute",
    prefix=PREFIXES["dispute"],
    events=DisputeEvent,
    identify=attrgetter("dispute_id"),
    accumulator=Dispute,
    apply=apply,
    project=project,
)
