"""The collection of an invoice: its first attempt, the first that failed, and what came of it.

Returns name the payment that came back, and failures the payment that they were of, so these meet payment by payment
(streams.core.billing.payment) and come here, in order of time, with what the invoice itself says, which comes last.
"""

from typing import NamedTuple

import msgspec

from streams.core.algebra import SortKey
from streams.core.billing.money import within
from streams.core.changes import ONE, Measure
from streams.core.declarations import Ledger
from streams.core.entities import PREFIXES
from streams.core.outputs import Handover, Outputs, Scope
from streams.core.rows_receivable import InvoiceRow

PREFIX = PREFIXES["collection"]
KIND = "invoice"
_OPEN: Measure = (0, ONE, None)


class Attempt(NamedTuple):
    """An attempt in order of time; `amount` in micros."""

    at: int
    attempt_no: int
    attempt_id: str
    currency: str
    amount: int
    is_failed: bool


class Failure(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="f"):
    """An attempt that failed, at once or because the bank took the payment back; `amount` in micros."""

    at: int
    attempt_no: int
    attempt_id: str
    currency: str
    amount: int


class CameBack(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="b"):
    """The fate of a payment after it was received.

    `returned` is what banks took back of it, micros by currency, `is_returned` that it was all of it. `failed` says
    that an attempt of it is said to have failed later, `is_first` that it was the first attempt.
    """

    paid_at: int
    payment_id: str
    returned: dict[str, int]
    is_returned: bool
    is_first: bool
    failed: bool


class InvoiceSays(InvoiceRow, frozen=True, array_like=True, gc=False):
    """The row of an invoice as far as its own events tell it."""


class Summary(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="s"):
    """The part of the summary that an invoice knows by itself.

    `first` is its first attempt, where it counts; `paid_since` what was paid since the first failure, micros by
    currency.
    """

    row: InvoiceSays
    first: Attempt | None
    paid_since: dict[str, int]


CollectionEntry = Failure | CameBack | Summary


def sort_key(entry: CollectionEntry) -> SortKey:
    """Order by time; what was paid at the time of a failure was paid since then."""
    if isinstance(entry, Failure):
        return 0, entry.at, 0, entry.attempt_no, entry.attempt_id
    if isinstance(entry, CameBack):
        return 0, entry.paid_at, 1, 0, entry.payment_id
    return 1, 0, 0, 0, ""


def hand_over(invoice_id: str, entry: CollectionEntry, outputs: Outputs) -> None:
    """Give an entry to the collection of an invoice."""
    outputs.entries[Handover(PREFIX, invoice_id, sort_key(entry))] = entry


class Collection(msgspec.Struct, array_like=True, gc=False):
    """The entries so far: the first failure, what came back since of what was paid since, by currency."""

    failure: Failure | None = None
    returned: dict[str, int] = {}
    is_first_returned: bool = False
    has_failed: bool = False
    summary: Summary | None = None


def apply(collection: Collection, entry: CollectionEntry, _scope: Scope, _sealed: Outputs | None) -> None:
    """Take the next entry; nothing of it is final, because the summary comes last."""
    if isinstance(entry, Summary):
        collection.summary = entry
    elif isinstance(entry, Failure):
        if collection.failure is None:
            collection.failure = entry
    else:
        collection.has_failed |= entry.failed
        collection.is_first_returned |= entry.is_first and entry.is_returned
        if collection.failure is not None:
            for currency, amount in entry.returned.items():
                collection.returned[currency] = within(collection.returned.get(currency, 0) + amount)


def project(collection: Collection, _scope: Scope, outputs: Outputs) -> None:
    """List the invoice's row and what it adds to the metrics of collecting."""
    summary = collection.summary
    if summary is None:
        return
    row = InvoiceRow(*msgspec.structs.astuple(summary.row))
    if collection.has_failed and row.issued_at is not None:
        row = msgspec.structs.replace(row, flags=tuple(sorted((*row.flags, "received_payment_failed"))))
    outputs.rows.append(row)
    if not row.is_test:
        _first_tried(collection, summary, outputs)
        if collection.failure is not None:
            _dunned(collection, summary, collection.failure, outputs)


def _first_tried(collection: Collection, summary: Summary, outputs: Outputs) -> None:
    """The first attempt in the failure rate; a payment that came back as a whole did not succeed."""
    first = summary.first
    if first is not None:
        is_failed = first.is_failed or collection.is_first_returned
        outputs.measures["payment_failure_rate", first.currency, first.at, ""] = (
            first.amount * is_failed,
            first.amount,
            first.amount / ONE,
        )


def _dunned(collection: Collection, summary: Summary, failure: Failure, outputs: Outputs) -> None:
    """Yield what failed and what came of it; the item of an outcome is empty until an event ends dunning."""
    currency, amount = failure.currency, failure.amount
    later = max(summary.paid_since.get(currency, 0) - collection.returned.get(currency, 0), 0)
    within = min(amount, later)
    outputs.measures["recovery_rate", currency, failure.at, ""] = (within, amount, within / ONE)
    ended_by = _ended_by(summary.row, later >= amount)
    outputs.measures["dunning_outcome", ended_by, failure.at, ""] = (ONE, ONE, 1.0) if ended_by else _OPEN


def _ended_by(row: InvoiceRow, is_paid: bool) -> str:
    """paid, void, written_off or exhausted; empty while none holds, whether the days of dunning are over or not."""
    if is_paid or row.status == "paid":
        return "paid"
    if row.status == "void":
        return "void"
    if row.status in ("written_off", "credited"):
        return "written_off"
    return "exhausted" if row.dunning_outcome == "EXHAUSTED" else ""


COLLECTION_LEDGER = Ledger(
    kind="invoice",
    prefix=PREFIX,
    entry=CollectionEntry,
    accumulator=Collection,
    apply=apply,
    project=project,
    sort_key=sort_key,
    start=lambda _account, _name: Collection(),
)
