"""Types of views' columns as a server gave them, so that a migration need not ask for them again.

To ask a server takes it ten times as long as to make the views. What it answered is kept in `view_types.json`, under
a mark of all that types follow from: the SELECT, those of the views beneath it, and the columns of tables. A view with
another mark, or a server of another version, is asked as before. `python -m infra.view_types` writes the file.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

import msgspec

from sinks import dictionary, views
from sinks.settings import Warehouse
from sinks.tables import Column
from sinks.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FILE: Final = "view_types.json"
_ZONE: Final = "${zone}"
_MANY: Final = 2**32
_USUAL: Final = Warehouse()
OTHERS: Final = (
    Warehouse(time_zone="Asia/Tokyo", week_start="sunday", reporting_currency="EUR", low_sample=_MANY,
              response_window_days=_MANY, portfolio_least=_MANY, portfolio_most=_MANY),
    Warehouse(low_sample=0, response_window_days=0, portfolio_least=0, portfolio_most=0),
)  # fmt: skip
"""Settings at both ends: a number gets the narrowest type that holds it, so types equal at both are equal between."""


class _Known(msgspec.Struct, frozen=True):
    """The server that gave the types; by view, its mark and then the types in the order of its columns."""

    server: str
    views: dict[str, tuple[str, ...]]


def known(view: View, warehouse: Warehouse, server: tuple[int, ...]) -> list[Column] | None:
    """Return the view's columns with the types that this server would give them, None where it has to be asked."""
    kept = _kept()
    entry = kept.views.get(view.name, ())
    if kept.server != _version(server) or not entry or entry[0] != mark(view):
        return None
    return [
        Column(column.name, kind.replace(_ZONE, warehouse.time_zone), column.comment)
        for column, kind in zip(view.columns, entry[1:], strict=True)
    ]


def is_typed(view: View) -> bool:
    """Tell whether the view declares the types of all its columns by itself."""
    return all(column.type for column in view.columns)


def asked() -> list[View]:
    """Return the views whose types a server has to give, each after those that it reads from."""
    return [view for view in dictionary.every() if not is_typed(view)]


@cache
def mark(view: View) -> str:
    """Return a mark that is another one when anything is that types follow from; empty where that is not known here.

    Tables beside the generations have no values in this code: views that read them are always asked for.
    """
    beneath = [mark(_named()[name]) for name in views.references(view.select)]
    if "${meta}" in view.select or not all(beneath):
        return ""
    columns = [(column.name, column.type) for column in view.columns]
    told = json.dumps([views.fixed(view.select), columns, beneath])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def rendered(server: tuple[int, ...], describe: Callable[[View, Warehouse], list[Column]]) -> bytes:
    """Render the file; `describe` asks the server, whose views were made with those settings.

    Views are left out whose types follow from settings otherwise than by naming the time zone.
    """
    found = {view.name: (mark(view), *kinds) for view in asked() if mark(view) and (kinds := _kinds(view, describe))}
    lines = (f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(found.items()))
    body = ",\n".join(lines)
    return f'{{\n"server": {json.dumps(_version(server))},\n"views": {{\n{body}\n}}\n}}\n'.encode()


def _kinds(view: View, describe: Callable[[View, Warehouse], list[Column]]) -> tuple[str, ...]:
    first = OTHERS[0]
    kinds = tuple(column.type.replace(first.time_zone, _ZONE) for column in describe(view, first))
    same = all(_filled(kinds, each) == [c.type for c in describe(view, each)] for each in (_USUAL, *OTHERS[1:]))
    return kinds if same else ()


def _filled(kinds: Iterable[str], warehouse: Warehouse) -> list[str]:
    return [kind.replace(_ZONE, warehouse.time_zone) for kind in kinds]


def _version(server: tuple[int, ...]) -> str:
    return ".".join(map(str, server))


@cache
def _named() -> dict[str, View]:
    return {view.name: view for view in views.load()}


@cache
def _kept() -> _Known:
    return msgspec.json.decode((files("sinks") / FILE).read_bytes(), type=_Known)
