"""Money that goes back: refunds, disputes and credit notes.

Refunds and disputes name a payment and no customer. They stand under the payment's own key, whoever tells of them, and
`links` says whose payment that was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.ingest.vendors.stripe.money import currency, micros, payment_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streams.ingest.translate import Event
    from streams.ingest.vendors.fields import Fields
    from streams.ingest.vendors.stripe.sent import Sent

_CAME_BACK = frozenset({"failed", "canceled"})
_INQUIRY = "warning_"
_CLOSED = {"won": "WON", "lost": "LOST"}


def refund(sent: Sent) -> Iterator[Event]:
    """Yield a refund, and that it did not reach the customer where it did not."""
    thing = sent.thing
    yield _refunded(sent, thing)
    if thing.maybe_text("status") in _CAME_BACK:
        yield sent.event(
            "refund_failed",
            at=sent.not_before(thing.whole("created")),
            refund_id=thing.text("id"),
            failure_code=thing.maybe_text("failure_reason"),
        )


def charge_refunded(sent: Sent) -> Iterator[Event]:
    """Yield the refunds of a charge; since 2022 it lists none, and `refund.created` alone tells of them."""
    for each in sent.thing.parts("refunds.data"):
        yield _refunded(sent, each)


def _refunded(sent: Sent, thing: Fields) -> Event:
    """Return a refund by what never changes of it: every event that tells of it gives the same one, under one id."""
    made, payment = thing.whole("created"), payment_of(thing)
    named = {"event_id": sent.instance.event_id(thing.text("id"), "payment_refunded")}
    return sent.event(
        "payment_refunded",
        at=made,
        account=sent.instance.waiting_key(payment or thing.text("id")),
        refund_id=thing.text("id"),
        payment_id=payment or thing.text("id"),
        amount=thing.whole("amount"),
        refunded_at=micros(made),
        reason=thing.maybe_text("reason"),
        **currency(thing),
        **named,
    )


def dispute(sent: Sent) -> Iterator[Event]:
    """Yield a dispute as it stands, and its end. An inquiry of a bank is none: no money has moved."""
    thing = sent.thing
    status = thing.text("status")
    if is_inquiry(thing):
        return
    made = thing.whole("created")
    named = {"dispute_id": thing.text("id")}
    yield sent.event(
        "dispute_opened",
        at=made,
        entity_version=sent.version,
        payment_id=payment_of(thing),
        amount=thing.whole("amount"),
        fee=max(0, sum(each.maybe_whole("fee") or 0 for each in thing.parts("balance_transactions"))),
        reason=thing.maybe_text("reason"),
        **currency(thing),
        **named,
    )
    if status in _CLOSED:
        at = sent.not_before(made)
        yield sent.event("dispute_closed", at=at, entity_version=sent.version, outcome=_CLOSED[status], **named)


def is_inquiry(thing: Fields) -> bool:
    return thing.text("status").startswith(_INQUIRY)


def credit_note(sent: Sent) -> Iterator[Event]:
    """Yield a credit note under an id of its own, so that its voiding can take back just that."""
    thing = sent.thing
    issued_id = sent.instance.event_id(thing.text("id"), "credit_note_issued")
    taken_back = sent.type.endswith(".voided")
    own = {"event_id": issued_id} if not taken_back else {"corrects_event_id": issued_id, "is_retraction": True}
    made = thing.whole("created")
    yield sent.event(
        "credit_note_issued",
        at=made,
        credit_note_id=thing.text("id"),
        invoice_id=thing.reference("invoice"),
        amount=thing.whole("amount"),
        reason=thing.maybe_text("reason"),
        **currency(thing),
        **own,
    )
