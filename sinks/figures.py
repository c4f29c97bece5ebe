"""One account's figures and the facts behind them: from the served views, or from tables handed in.

Both ways run the metric's own record through the same templates, so what is said of a past state is what the views
said then.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from sinks import views, windows
from sinks.stock import Stock, of_account
from sinks.tables import SYSTEM_COLUMNS, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clickhouse_driver import Client

    from sinks.metric import Metric
    from sinks.period import Period
    from sinks.port import RowTuple
    from sinks.settings import Warehouse

Found = list[dict[str, Any]]
"""Rows by column."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def ask(client: Client, query: str, values: Mapping[str, Any], external: Sequence[Any] = ()) -> Found:
    """Run a query whose ``{name:Type}`` are filled in by the server, and return its rows by column."""
    rows, columns = client.execute(query, dict(values), with_column_types=True, external_tables=external)
    return [dict(zip((name for name, _ in columns), row, strict=True)) for row in rows]


def _named(fact: dict[str, Any]) -> dict[str, Any]:
    """Show a response that names nobody, and so stands for a person of its own, as one without a person."""
    return fact | {"person": ""} if str(fact.get("person", ""))[:1] == "\0" else fact


def instant(micros: int) -> str:
    """Microseconds since 1970 (UTC) as a DateTime64(6) parameter takes them."""
    return f"{_EPOCH + dt.timedelta(microseconds=micros):%Y-%m-%d %H:%M:%S.%f}"


class Served:
    """What the views say now. The client must fill parameters in on the server."""

    def __init__(self, client: Client, warehouse: Warehouse) -> None:
        self._client, self._warehouse = client, warehouse

    def figures(self, metric: Metric | Stock, account: str, period: Period) -> Found:
        """Rows of the metric's view for the account and window: one, or one for each group of the metric.

        Raises KeyError for a grain that a stock has not.
        """
        if isinstance(metric, Stock):
            query = metric.figures(period.grain)
            return self._ask(query if metric.hides else self._read(query), account, period)
        groups = [*metric.groups, *([metric.spread.name] if metric.spread else [])]
        query = (
            "SELECT * EXCEPT (dimension, dimension_value, as_of)"  # noqa: S608 - names are our own
            f" FROM ({windows.of_account(metric, 'rolling' if period.is_rolling else 'calendar')})"
            " WHERE grain = {grain:String} AND window_start = {start:Date} AND dimension = 'account'"
            f" AND dimension_value = {{account:String}} ORDER BY {', '.join(groups) or '1'}"
        )
        return self._ask(query, account, period)

    def facts(self, metric: Metric | Stock, account: str, period: Period) -> Found:
        """Facts of the window, newest first, each with `counted` and what every count would be of it alone.

        Of a stock: with its part in each figure that is a sum.
        """
        if isinstance(metric, Stock):
            return self._ask(self._read(metric.facts()), account, period)
        where = f" AND ({metric.where})" if metric.where else ""
        facts = f"(SELECT * FROM ${{cx}}.{metric.facts} WHERE {_IN_WINDOW}{where})"  # noqa: S608 - names are our own
        query = f"{windows.facts_of_account(metric, facts)} ORDER BY moment DESC, fact_id"
        return [_named(fact) for fact in self._ask(query, account, period)]

    def _read(self, query: str) -> str:
        """What a stock reads: the rows of the account alone, whatever its view would read."""
        return of_account(query)

    def _ask(self, query: str, account: str, period: Period) -> Found:
        return ask(self._client, views.filled(query, self._warehouse), values(account, period))


class Given(Served):
    """What the views would say of these tables at a moment (microseconds since 1970, UTC), for what they hold."""

    def __init__(
        self, client: Client, warehouse: Warehouse, tables: Mapping[str, Sequence[RowTuple]], now: int
    ) -> None:
        super().__init__(client, warehouse)
        self._tables, self._now = tables, now

    def _read(self, query: str) -> str:
        return query

    def _ask(self, query: str, account: str, period: Period) -> Found:
        used: set[str] = set()

        def given(table: str) -> str:
            used.add(table)
            return f"given_{table}"

        text = views.filled(views.inlined(query, given), self._warehouse, now="{now:DateTime64(6, 'UTC')}")
        external = [_external(table, self._tables.get(table, ())) for table in sorted(used)]
        return ask(self._client, text, values(account, period) | {"now": instant(self._now)}, external)


_DAY = "toDate(least(moment, ${end_of_days}), '${zone}')"
_IN_WINDOW = f"account_id = {{account:String}} AND {_DAY} >= {{start:Date}} AND {_DAY} < {{end:Date}}"


def in_window(since: str = "{start:Date}") -> str:
    """Condition on the account and on the time that places a row in the window, or in what it goes back to."""
    return _IN_WINDOW.replace("{start:Date}", since)


def values(account: str, period: Period) -> dict[str, str]:
    """Return the parameters that queries about a window name."""
    return {"account": account, "grain": period.grain, "start": str(period.start), "end": str(period.end)}


def _external(table: str, rows: Sequence[RowTuple]) -> dict[str, Any]:
    """Table sent along with a query: rows without the system columns.

    Labels go as plain text: the driver writes no block of a LowCardinality column that has no rows.
    """
    columns = [column for column in TABLES[table].columns if column not in SYSTEM_COLUMNS]
    structure = [(column.name, column.type.replace("LowCardinality(String)", "String")) for column in columns]
    names = [name for name, _ in structure]
    return {
        "name": f"given_{table}",
        "structure": structure,
        "data": [dict(zip(names, row, strict=True)) for row in rows],
    }


def deployed(client: Client, warehouse: Warehouse) -> Warehouse:
    """The warehouse as its views were made, whatever the settings here say of zone, weeks and defaults."""
    made = dict(client.execute(views.filled("SELECT name, value FROM ${cx}.metric_setting", warehouse)))
    return msgspec.structs.replace(
        warehouse,
        time_zone=made["time_zone"],
        week_start="monday" if made["week_mode"] == "1" else "sunday",
        response_window_days=int(made["response_window_days"]),
        low_sample=int(made["low_sample"]),
        reporting_currency=made["reporting_currency"],
        portfolio_least=int(made.get("portfolio_least", warehouse.portfolio_least)),
        portfolio_most=int(made.get("portfolio_most", warehouse.portfolio_most)),
    )
