"""The two laws of money, counted from rows alone: by account, currency and instant, every amount is somewhere once.

What is compared comes from different rows: totals of invoices and amounts of payments, refunds, returns and disputes on
the one side, postings on the other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from streams.core.columns import Row
from streams.core.rows_receivable import InvoiceRow, MoneyEntryRow, PaymentRow, ReceivableEntryRow
from streams.core.rows_refund import CreditEntryRow, DisputeRow, PaymentReturnRow, ReceiptRow, RefundRow

Group = tuple[str, bool]
"""(currency, whether it is test data)"""
Change = tuple[int, Group, str, int]
"""(when, where, which term of the laws, millionths)"""

_SETTLED = {"credited": "credited", "written_off": "written_off", "voided": "voided"}
FIRST = (("issued",), ("open", "paid", "used", "credited", "written_off", "voided", "given_back"))
SECOND = (("received", "granted"), ("paid", "used", "credit", "refunded", "returned", "charged_back"))
"""The laws: what is on the left adds up to what is on the right."""


def changes(rows: Iterable[Row]) -> Iterator[Change]:
    """Every change of a term that the rows tell of."""
    every = list(rows)
    yield from _received(every)
    for row in every:
        match row:
            case InvoiceRow(issued_at=int(at)):
                yield at, (row.currency, row.is_test), "issued", max(row.total_micros, 0)
            case ReceivableEntryRow() | MoneyEntryRow() | CreditEntryRow():
                yield from _posted(row)
            case PaymentReturnRow() | RefundRow() | DisputeRow():
                yield from _left(row)
            case _:
                pass


def _left(row: PaymentReturnRow | RefundRow | DisputeRow) -> Iterator[Change]:
    """What banks took back, what was refunded until that failed, what was claimed until that was won or withdrawn."""
    group, amount = (row.currency, row.is_test), row.amount_micros
    match row:
        case PaymentReturnRow():
            yield row.returned_at, group, "returned", amount
        case RefundRow(refunded_at=int(at)):
            yield at, group, "refunded", amount
            if row.failed_at is not None:
                yield max(at, row.failed_at), group, "refunded", -amount
        case DisputeRow(opened_at=int(at), is_chargeback=True):
            yield at, group, "charged_back", amount
            if row.status in ("won", "withdrawn"):
                yield max(at, row.closed_at or at), group, "charged_back", -amount


def _posted(row: ReceivableEntryRow | MoneyEntryRow | CreditEntryRow) -> Iterator[Change]:
    group, amount = (row.currency, row.is_test), row.amount_micros
    if isinstance(row, CreditEntryRow):
        if row.book == "customer_credit":
            yield row.at, group, "credit", amount
        else:
            yield row.at, group, "given_back", amount
            yield row.at, group, "paid", -amount
        return
    match row.book:
        case "paid":
            yield row.at, group, "paid", amount
        case "granted":
            yield row.at, group, "granted", amount
        case "receivable":
            yield row.at, group, "open", amount
            if row.kind == "credit_applied":
                yield row.at, group, "used", -amount
    if row.kind in _SETTLED and row.book != "paid":
        yield row.at, group, _SETTLED[row.kind], amount if row.book == "customer_credit" else -amount


def _received(rows: list[Row]) -> Iterator[Change]:
    """A payment of a known whole came in once, when it was first received; of others each part did.

    What invoices had beyond the whole came with its use.
    """
    parts: defaultdict[tuple[str, Group], list[PaymentRow]] = defaultdict(list)
    receipts: dict[tuple[str, Group], ReceiptRow] = {}
    for row in rows:
        if isinstance(row, PaymentRow):
            parts[row.payment_id, (row.currency, row.is_test)].append(row)
        if isinstance(row, ReceiptRow):
            receipts[row.payment_id, (row.currency, row.is_test)] = row
    for name in parts.keys() | receipts.keys():
        receipt, mine = receipts.get(name), parts[name]
        whole = max((row.payment_micros or 0 for row in mine), default=0)
        came = [(row.paid_at, row.amount_micros) for row in mine]
        if receipt is not None:
            came = [(receipt.received_at, receipt.amount_micros)]
        elif whole:
            came = [(min(row.paid_at for row in mine), whole)]
        before = 0
        for at in sorted({at for at, _ in came} | {row.used_at for row in mine}):
            had = sum(amount for when, amount in came if when <= at)
            used = sum(row.amount_micros for row in mine if row.used_at <= at)
            yield at, name[1], "received", max(had, used) - before
            before = max(had, used)


def broken(rows: Iterable[Row]) -> list[str]:
    """What breaks either law, in words; empty where both hold at every instant."""
    found: list[str] = []
    groups: defaultdict[Group, list[Change]] = defaultdict(list)
    for change in changes(rows):
        groups[change[1]].append(change)
    for group, mine in groups.items():
        terms: defaultdict[str, int] = defaultdict(int)
        instants = sorted({at for at, *_ in mine})
        for at in instants:
            for _, _, term, amount in (change for change in mine if change[0] == at):
                terms[term] += amount
            for left, right in (FIRST, SECOND):
                one, other = sum(terms[term] for term in left), sum(terms[term] for term in right)
                if one != other:
                    found.append(f"{group} at {at}: {'+'.join(left)} is {one}, the other side {other}: {dict(terms)}")
    return found
