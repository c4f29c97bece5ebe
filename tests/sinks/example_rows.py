"""Complete rows for tests, from the few columns that matter to them."""

import datetime as dt
from typing import Any

from sinks.port import RowTuple
from sinks.tables import TABLES

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
DEFAULTS: dict[str, dict[str, Any]] = {
    "response": {"status": "submitted", "finished": True},
    "manager_assignment": {"role": "OWNER"},
    "invitation": {"status": "sent"},
    "invoice": {"status": "open", "currency": "USD", "collection_method": "SEND_INVOICE"},
    "receivable_entry": {"book": "receivable", "currency": "USD", "is_on_credit": True},
    "money_entry": {"book": "paid", "currency": "USD"},
    "credit_entry": {"book": "customer_credit", "currency": "USD"},
    "receipt": {"currency": "USD"},
    "payment_return": {"currency": "USD"},
    "payment": {"currency": "USD"},
    "payment_attempt": {"currency": "USD"},
    "refund": {"status": "refunded", "currency": "USD"},
    "dispute": {"status": "open", "currency": "USD"},
    "payout": {"currency": "USD"},
    "mrr_item": {"policy": "cxledger", "currency": "USD"},
    "ticket": {"status": "open", "channel": "email"},
    "ticket_span": {"status": "open", "is_backlog": True},
    "ticket_message": {"author_type": "requester", "is_public": True, "channel": "email"},
    "sla_instance": {"metric": "first_reply", "instance_no": 1, "state": "running"},
    "renewal": {"currency": "USD", "status": "open"},
    "time_entry": {"kind": "DELIVERY"},
    "cost_entry": {"currency": "USD"},
    "media_plan": {"currency": "USD"},
    "media_spend": {"currency": "USD"},
    "rate_card": {"currency": "USD"},
    "mrr_movement": {"policy": "cxledger", "currency": "USD"},
}
ZEROS = {"String": "", "Lo": "", "Fl": 0.0, "Ar": ()}


def micros(value: Any) -> Any:
    """Times as the tables take them; everything else as it is."""
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return (aware - EPOCH) // dt.timedelta(microseconds=1)
    return value


def zero(kind: str) -> Any:
    if kind.startswith("Nullable"):
        return None
    return ZEROS.get(kind if kind == "String" else kind[:2], 0)


def row(table: str, version: int = 1, is_deleted: int = 0, **columns: Any) -> RowTuple:
    """A complete row; what is not named is empty, zero or absent."""
    described = {column.name: column.type for column in TABLES[table].columns}
    unknown = set(columns) - set(described)
    assert not unknown, f"{table} has no column {unknown}"
    given = {**DEFAULTS.get(table, {}), **columns, "version": version, "is_deleted": is_deleted}
    return tuple(micros(given[name]) if name in given else zero(kind) for name, kind in described.items())
