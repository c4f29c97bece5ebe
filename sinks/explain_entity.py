"""One entity: which rows of which tables its events leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from sinks import sql
from sinks.tables import SEVERAL, TABLES, Table
from sinks.views import bases
from streams.core.entities import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = tuple(sorted(get_args(Kind)))
_OF_ACCOUNT = "account_id = {account:String}"
_BY_EVENT = "event_id IN {events:Array(String)}"
_SEVERAL = {
    "metric_change": (
        "((entity_kind = {kind:String} AND entity_id = {id:String})"
        " OR (entity_kind = 'payment' AND event_id IN {events:Array(String)}))"
    ),
    "payment_return": (
        "multiIf({kind:String} = 'invoice', invoice_id, invoice_id != '', '', {kind:String} = 'receipt', payment_id,"
        " '') = {id:String}"
    ),
}
"""Conditions on rows of tables that several kinds write to, where events alone do not tell whose a row is."""
PERSONAL = frozenset({"verbatim"})
"""Tables of what people wrote: shown only to who asks for texts and may read them."""


def queries(kind: str, *, texts: bool) -> Sequence[tuple[str, str]]:
    """Return (table, query) for every table that holds rows of such an entity."""
    return [
        (table.name, f"{_selected(table, texts=texts)} WHERE {_condition(table)} ORDER BY ALL")
        for table in TABLES.values()
        if table.entity in (kind, SEVERAL) and (texts or table.name not in PERSONAL)
    ]


def _condition(table: Table) -> str:
    """Return the condition on the rows of one entity: by what names it, or by its events."""
    named = _SEVERAL.get(table.name, _BY_EVENT)
    if table.named_by:
        named = f"{_joined(table.named_by)} = {{id:String}}"
    return f"{_OF_ACCOUNT} AND {named}" if table.by_account else named


def _joined(columns: tuple[str, ...]) -> str:
    if len(columns) == 1:
        return sql.name(columns[0])
    parts = ", '/', ".join(f"toString({sql.name(column)})" for column in columns)
    return f"concat({parts})"


def _selected(table: Table, *, texts: bool) -> str:
    view = bases(table)[-1 if texts and table.is_personal else 0]
    columns = ", ".join(sql.name(column.name) for column in view.columns)
    return f"SELECT {columns} FROM ${{cx}}.{view.name}"  # noqa: S608 - own names


def parameters(account: str, identity: str, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the parameters that the conditions name."""
    kind = events[0]["entity"].partition(":")[0]
    return {"account": account, "kind": kind, "id": identity, "events": [event["event_id"] for event in events]}
