"""The refund: money given back, and whether it came through. A failure stands, whichever of the two is told first."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, assert_never

import msgspec

from streams.core.algebra import RecordedEvent
from streams.core.billing import claims, payment_entries
from streams.core.billing.measures import refund_measures
from streams.core.billing.money import micros
from streams.core.billing.payment_entries import GivenBack
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import PaymentRefunded, RefundEvent, RefundFailed
from streams.core.outputs import Outputs, Scope
from streams.core.rows_refund import RefundRow


class Refund(msgspec.Struct, array_like=True, gc=False):
    """The newest event, the newest word on the refund, and the newest on its failure; who told of it."""

    is_test: bool = False
    last: RecordedEvent | None = None
    refunded: PaymentRefunded | None = None
    failed: RefundFailed | None = None
    sources: set[str] = set()


def apply(refund: Refund, recorded: RecordedEvent, _scope: Scope, _sealed: Outputs | None) -> None:
    """Take the next event in fold order; nothing of it is final."""
    event: RefundEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    refund.last = recorded
    match event:
        case PaymentRefunded():
            refund.refunded = event
            refund.sources.add(event.source)
        case RefundFailed():
            refund.failed = event
        case _:
            assert_never(event)


def project(refund: Refund, _scope: Scope, outputs: Outputs) -> None:
    """List the refund; it takes credit, until it fails."""
    told, failed = refund.refunded, refund.failed
    if refund.last is None:
        return
    outputs.rows.append(_row(refund, refund.last))
    if told is None:
        return
    if not refund.is_test:
        outputs.measures.update(refund_measures(told, failed is not None))
        if failed is None:
            back = GivenBack(f"f{told.refund_id}", told.currency, micros(told.amount, told.exponent))
            payment_entries.hand_over(told.payment_id, outputs, back)
    ended = None if failed is None else (failed.occurred_at, failed.event_id)
    claim = claims.Claim(f"f{told.refund_id}", "refunded", told.refunded_at, refund.is_test, refund.last.ingested_at)
    claims.hand_over(claim, told, outputs, "refund_failed", ended)


def _status(refund: Refund) -> str:
    if refund.refunded is None:
        return "incomplete"
    return "refunded" if refund.failed is None else "failed"


def _row(refund: Refund, last: RecordedEvent) -> RefundRow:
    told, failed = refund.refunded, refund.failed
    event: Any = last.event
    return RefundRow(
        event.account_id,
        event.refund_id,
        told.payment_id if told else "",
        (told.invoice_id or "") if told else "",
        _status(refund),
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


REFUND = Reducer(
    kind="refund",
    prefix=PREFIXES["refund"],
    events=RefundEvent,
    identify=attrgetter("refund_id"),
    accumulator=Refund,
    apply=apply,
    project=project,
)
