"""Stripe: events of its API, of every version since 2016, as billing events and links of accounts.

Every event carries its whole object, so none needs another to be understood, and none has to be read again. Amounts are
in minor units, times in seconds. docs/sources/stripe.md has the mapping as a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from streams.ingest.vendors.fields import object_of
from streams.ingest.vendors.model import Translation
from streams.ingest.vendors.stripe.discounts import unread
from streams.ingest.vendors.stripe.invoice import invoice
from streams.ingest.vendors.stripe.links import customer, payment
from streams.ingest.vendors.stripe.payback import charge_refunded, credit_note, dispute, is_inquiry, refund
from streams.ingest.vendors.stripe.sent import sent
from streams.ingest.vendors.stripe.subscription import subscription

if TYPE_CHECKING:
    from streams.ingest.raw import Raw
    from streams.ingest.translate import Event
    from streams.ingest.vendors.model import Instance
    from streams.ingest.vendors.stripe.sent import Sent

Mapped = Callable[["Sent"], "Iterator[Event]"]


def _refunded_charge(found: Sent) -> Iterator[Event]:
    yield from charge_refunded(found)
    yield from payment(found)


_MAPPED: dict[str, Mapped] = {
    **{
        f"customer.subscription.{what}": subscription
        for what in ("created", "updated", "deleted", "paused", "resumed", "trial_will_end")
    },
    **{
        f"invoice.{what}": invoice
        for what in (
            "finalized",
            "updated",
            "paid",
            "payment_succeeded",
            "payment_failed",
            "voided",
            "marked_uncollectible",
        )
    },
    "charge.succeeded": payment,
    "charge.refunded": _refunded_charge,
    **dict.fromkeys(("charge.refund.updated", "refund.created", "refund.updated", "refund.failed"), refund),
    **{
        f"charge.dispute.{what}": dispute
        for what in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
    },
    **dict.fromkeys(("credit_note.created", "credit_note.voided"), credit_note),
    **dict.fromkeys(("customer.created", "customer.updated"), customer),
}
"""What becomes of each type. The same thing may come as two types: its events then have one id, or state one part."""


def translate(raw: Raw, instance: Instance) -> Translation:
    """Return what an event of Stripe's API stands for; raises NotUnderstoodError."""
    told = object_of(raw.body)
    kind = told.text("type")
    mapped = _MAPPED.get(kind)
    if mapped is None:
        return Translation(unmapped=(kind,))
    found = sent(told, instance)
    return Translation(tuple(mapped(found)), _left_out(found))


def _left_out(found: Sent) -> tuple[str, ...]:
    """Name what an event has that no event of ours can say."""
    if found.type.startswith("customer.subscription.") and unread(found.thing):
        return (f"{found.type} with a discount by its id",)
    if found.type.startswith("charge.dispute.") and is_inquiry(found.thing):
        return (f"{found.type} of an inquiry",)
    return ()
