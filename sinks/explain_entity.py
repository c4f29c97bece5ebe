"""One entity: which rows of which tables its events leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sinks import sql
from sinks.tables import TABLES, Table
from sinks.views import bases
from streams.core.routes import REDUCERS

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = tuple(sorted({reducer.kind for reducer in REDUCERS.values()}))
_BY_EVENT = "event_id IN {events:Array(String)}"
_BY_RESPONSE = "account_id = {account:String} AND response_id = {id:String}"
_BY_SUBSCRIPTION = "account_id = {account:String} AND subscription_id = {id:String}"
_BY_TICKET = "account_id = {account:String} AND ticket_id = {id:String}"
_BY_INVOICE = "account_id = {account:String} AND invoice_id = {id:String}"
ANY = ""
"""Owner of a table that entities of several kinds write to."""

ROWS: dict[str, tuple[str, str]] = {
    "response": ("response", _BY_RESPONSE),
    "answer": ("response", _BY_RESPONSE),
    "answer_choice": ("response", _BY_RESPONSE),
    "verbatim": ("response", _BY_RESPONSE),
    "response_topic": ("response", _BY_RESPONSE),
    "followup": ("response", _BY_RESPONSE),
    "followup_case": ("response", _BY_RESPONSE),
    "metric_change": (
        ANY,
        (
            "account_id = {account:String} AND ((entity_kind = {kind:String} AND entity_id = {id:String})"
            " OR (entity_kind = 'payment' AND event_id IN {events:Array(String)}))"
        ),
    ),
    "invitation": ("invitation", "account_id = {account:String} AND invitation_id = {id:String}"),
    "survey_display": ("survey_display", "account_id = {account:String} AND display_id = {id:String}"),
    "survey_question": (
        "survey_definition",
        "account_id = {account:String} AND concat(survey_id, '/', toString(survey_version)) = {id:String}",
    ),
    "account_history": ("reference", f"account_id = {{account:String}} AND {_BY_EVENT}"),
    "contact_history": ("reference", f"account_id = {{account:String}} AND {_BY_EVENT}"),
    "manager_assignment": ("reference", f"account_id = {{account:String}} AND {_BY_EVENT}"),
    "fx_rate": ("setting", _BY_EVENT),
    "policy": ("setting", _BY_EVENT),
    "plan": ("setting", _BY_EVENT),
    "schedule": ("setting", _BY_EVENT),
    "holiday": ("setting", _BY_EVENT),
    "sla_policy": ("setting", _BY_EVENT),
    "sla_target": ("setting", _BY_EVENT),
    "subscription": ("subscription", _BY_SUBSCRIPTION),
    "subscription_history": ("subscription", _BY_SUBSCRIPTION),
    "mrr_item": ("subscription", _BY_SUBSCRIPTION),
    "mrr_movement": ("subscription", _BY_SUBSCRIPTION),
    "invoice": ("invoice", _BY_INVOICE),
    "invoice_line": ("invoice", _BY_INVOICE),
    "invoice_due": ("invoice", _BY_INVOICE),
    "receivable_entry": ("invoice", _BY_INVOICE),
    "money_entry": ("invoice", _BY_INVOICE),
    "payment": ("invoice", _BY_INVOICE),
    "payment_attempt": ("invoice", _BY_INVOICE),
    "receipt": ("receipt", "account_id = {account:String} AND payment_id = {id:String}"),
    "payment_return": (
        ANY,
        (
            "account_id = {account:String} AND multiIf({kind:String} = 'invoice', invoice_id, invoice_id != '', '',"
            " {kind:String} = 'receipt', payment_id, '') = {id:String}"
        ),
    ),
    "credit_entry": (ANY, f"account_id = {{account:String}} AND {_BY_EVENT}"),
    "refund": ("refund", "account_id = {account:String} AND refund_id = {id:String}"),
    "dispute": ("dispute", "account_id = {account:String} AND dispute_id = {id:String}"),
    "payout": ("payout", "account_id = {account:String} AND payout_id = {id:String}"),
    "act": ("act", "account_id = {account:String} AND act_id = {id:String}"),
    "ticket": ("ticket", _BY_TICKET),
    "ticket_span": ("ticket", _BY_TICKET),
    "ticket_message": ("ticket", _BY_TICKET),
    "ticket_next_reply": ("ticket", _BY_TICKET),
    "ticket_solve": ("ticket", _BY_TICKET),
    "ticket_escalation": ("ticket", _BY_TICKET),
    "touch": ("touch", "account_id = {account:String} AND touch_id = {id:String}"),
    "sla_instance": ("ticket", _BY_TICKET),
    "taxonomy_topic": ("setting", "taxonomy_version = {id:String}"),
}
"""By table: the kind of entity whose events its rows come from, and the condition on its rows; without events."""
PERSONAL = frozenset({"verbatim"})
"""Tables of what people wrote: shown only to who asks for texts and may read them."""


def queries(kind: str, *, texts: bool) -> Sequence[tuple[str, str]]:
    """Return (table, query) for every table that holds rows of such an entity."""
    return [
        (table, f"{_selected(TABLES[table], texts=texts)} WHERE {where} ORDER BY ALL")
        for table, (owner, where) in ROWS.items()
        if owner in (kind, ANY) and (texts or table not in PERSONAL)
    ]


def _selected(table: Table, *, texts: bool) -> str:
    view = bases(table)[-1 if texts else 0]
    columns = ", ".join(sql.name(column.name) for column in view.columns)
    return f"SELECT {columns} FROM ${{cx}}.{view.name}"  # noqa: S608 - own names


def parameters(account: str, identity: str, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the parameters that the conditions name."""
    kind = events[0]["entity"].partition(":")[0]
    return {"account": account, "kind": kind, "id": identity, "events": [event["event_id"] for event in events]}
