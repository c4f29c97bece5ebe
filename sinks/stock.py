"""A figure whose view has a shape of its own, explained for one account: stocks, bridges, cohorts and comparisons.

The records are sinks/explained/*.yaml, a file for each set of facts that metrics are made of. Nothing of a metric's
formula stands there: the figure is the view's own SELECT over the rows of one account.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from sinks import sql, views
from sinks.metric import Catalogue
from sinks.period import EVER
from sinks.tables import TABLES
from streams.core import entities
from streams.core.routes import SHARED_TYPES

SHARED = frozenset(table.name for table in TABLES.values() if table.entity in entities.SHARED and table.by_account)
"""Tables of rows that all accounts read, although each names the account that told it."""
_SHARED_TYPES = ", ".join(map(sql.text, sorted(SHARED_TYPES)))
_CLOCK = "${now}"
_COUNTED = re.compile(r"\bAS counted\b")
_VARIABLES = {
    "${at}": f"least(toDateTime64({{end:Date}}, 6, '${{zone}}') - toIntervalMicrosecond(1), {_CLOCK})",
    "${last}": f"least({{end:Date}} - 1, toDate({_CLOCK}, '${{zone}}'))",
}
"""The window's last moment and day, or now where it has not ended."""


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown of one metric: columns of its view, and for those that are sums the part of each fact."""

    figures: tuple[str, ...]
    parts: dict[str, str] = {}
    windows: dict[str, str] = {}
    groups: tuple[str, ...] | None = None
    slice: Literal["account", "alone"] | None = None


class Basis(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The facts that some metrics are made of.

    ``facts`` selects moment, account_id, fact_id, entities and what tells facts apart; ``windows`` is by grain the
    condition on rows of the view. A view without a slice by account is read ``alone``: as if there were no other one;
    so is an ``undivided`` one, which has no slices at all. A view without windows has the one of `sinks.period.EVER`.
    ``restated`` is a metric of restatement_log and ``leaves_out`` a view of facts in excluded_fact; what is listed of
    either begins on the day ``since``.
    """

    facts: str
    windows: dict[str, str]
    metrics: dict[str, Shown]
    groups: tuple[str, ...] = ()
    slice: Literal["account", "alone", "undivided"] = "account"
    restated: str = ""
    leaves_out: str = ""
    since: str = "{start:Date}"
    policy: str = "cxledger"
    """Policy of recurring revenue that is shown where none is asked for, or `all`."""


class Stock(msgspec.Struct, frozen=True):
    """One metric with its basis."""

    name: str
    catalogue: Catalogue
    basis: Basis
    shown: Shown

    @property
    def groups(self) -> tuple[str, ...]:
        return self.basis.groups if self.shown.groups is None else self.shown.groups

    @property
    def windows(self) -> dict[str, str]:
        return self.shown.windows or self.basis.windows

    @property
    def is_alone(self) -> bool:
        """Whether its view has no slice by account."""
        return self._slice != "account"

    @property
    def has_windows(self) -> bool:
        return EVER.grain not in self.windows

    @property
    def _slice(self) -> str:
        return self.shown.slice or self.basis.slice

    @property
    def hides(self) -> bool:
        """Tell whether its view hides something of what it reads, so that only the view itself may be asked."""
        return views.reads_pay(f"${{cx}}.{self.name}")

    def figures(self, grain: str) -> str:
        """SELECT of the figure; reads {account}, {start}, {end} and {grain}. Raises KeyError for another grain."""
        names = ", ".join((*self.groups, *self.shown.figures))
        of = {
            "account": "dimension = 'account' AND dimension_value = {account:String}",
            "alone": "dimension = 'all'",
            "undivided": "1",
        }[self._slice]
        where, order = self.windows[grain], ", ".join(self.groups) or "1"
        return f"SELECT {names} FROM ${{cx}}.{self.name} WHERE {of} AND {where} ORDER BY {order}"  # noqa: S608 - own

    def facts(self) -> str:
        """SELECT of the facts, newest first, with `counted` and a column for each part: `part_` and its figure."""
        text = self.basis.facts
        parts = "".join(f", {part} AS part_{name}" for name, part in self.shown.parts.items())
        counted = "" if _COUNTED.search(text) else ", 1 AS counted"
        begun = f"{{start:Date}} <= toDate({_CLOCK}, '${{zone}}')"
        query = f"SELECT *{counted}{parts} FROM ({text}) WHERE {begun} ORDER BY moment DESC, fact_id"  # noqa: S608 - own
        query = query.replace("${since}", self.basis.since)
        for variable, meant in _VARIABLES.items():
            query = query.replace(variable, meant)
        return query


def of_account(query: str) -> str:
    """Put views in place of their names, over the rows of {account} and of those tables that all accounts share."""
    return views.inlined(query, _rows)


def _rows(table: str) -> str:
    if table in SHARED or not TABLES[table].by_account:
        return f"${{cx}}.{table}"
    if table == "event":
        # What all accounts go by was told by events of other keys.
        return f"(SELECT * FROM ${{cx}}.event WHERE account_id = {{account:String}} OR event_type IN ({_SHARED_TYPES}))"  # noqa: S608
    return f"(SELECT * FROM ${{cx}}.{table} WHERE account_id = {{account:String}})"  # noqa: S608 - names are our own


@cache
def load() -> tuple[Stock, ...]:
    """Return every record. Raises msgspec.ValidationError naming the field that is wrong."""
    folder = files("sinks") / "explained"
    texts = sorted((path.name, path.read_text("utf-8")) for path in folder.iterdir() if path.name.endswith(".yaml"))
    bases = [msgspec.yaml.decode(text, type=Basis) for _, text in texts]
    defined = {view.name: view.catalogue for view in views.load() if view.catalogue is not None}
    return tuple(Stock(name, defined[name], basis, shown) for basis in bases for name, shown in basis.metrics.items())
