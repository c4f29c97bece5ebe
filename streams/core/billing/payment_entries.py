"""Entries of a payment, from its members: invoices that it pays, its receipt, and who claims of it."""

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing.credit import Move
from streams.core.entities import PREFIXES
from streams.core.outputs import Handover, Outputs

PREFIX = PREFIXES["payment"]
Cause = tuple[str, int]
"""(event, when Kafka stored it)."""


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="t"):
    """The whole of a payment as one member states it: when it came, how much in micros (0 where it does not say)."""

    member: str
    received_at: int
    whole: int
    is_receipt: bool
    source: str
    is_test: bool
    currency: str
    cause: Cause


class Used(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="u"):
    """The part of an invoice, in micros: what came for it at a time, if nobody tells of the whole, and what it used."""

    at: int
    member: str
    came: int
    used: int
    is_test: bool
    currency: str
    cause: Cause


class Paid(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="p"):
    """The attempt that succeeded, of one invoice."""

    invoice_id: str
    at: int
    attempt_no: int
    is_first: bool
    currency: str
    amount: int
    is_test: bool
    event_id: str


class Returned(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="r"):
    """Money that a bank took back of what an invoice had; `name` is unique within the invoice."""

    invoice_id: str
    name: str
    at: int
    currency: str
    amount: int
    return_code: str
    is_test: bool
    event_id: str


class Failed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="f"):
    """An attempt of the payment that is said to have failed."""

    invoice_id: str
    attempt_no: int
    at: int


class GivenBack(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="g"):
    """Money that a refund gave back of the payment, in micros."""

    member: str
    currency: str
    amount: int


class Asks(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="a"):
    """Announces a claim in advance."""

    member: str


class Claimed(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="c"):
    """A move that takes credit of whichever invoice the payment was for, or gives it back."""

    move: Move


PaymentEntry = Told | Used | Paid | Returned | Failed | GivenBack | Asks | Claimed


def sort_key(entry: PaymentEntry) -> SortKey:
    match entry:
        case Told():
            return 0, 0, entry.member, 0, ""
        case Asks():
            return 0, 0, entry.member, 1, ""
        case GivenBack():
            return 0, 0, entry.member, 2, ""
        case Used():
            return 1, entry.at, entry.member, 0, ""
        case Paid():
            return 2, 0, entry.invoice_id, 0, ""
        case Returned():
            return 2, 0, entry.invoice_id, 1, entry.name
        case Failed():
            return 2, 0, entry.invoice_id, 2, str(entry.attempt_no)
        case Claimed():
            return 3, entry.move.at, entry.move.member, entry.move.rank, entry.move.reference


def hand_over(payment_id: str, outputs: Outputs, *entries: PaymentEntry) -> None:
    """Give entries to a payment."""
    for entry in entries:
        outputs.entries[Handover(PREFIX, payment_id, sort_key(entry))] = entry
