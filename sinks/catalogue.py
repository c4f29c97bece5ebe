"""The metric catalogue: a view that holds every metric's definition, and docs/metrics.md written from the database."""

import sys
from pathlib import Path
from typing import Any

from clickhouse_driver import Client

from sinks import sql, views
from sinks.connection import connect
from sinks.metric import Catalogue
from sinks.settings import Warehouse
from sinks.tables import Column
from sinks.views import View

_COLUMNS = {
    "name": "Metric, which is also the name of its view",
    "title": "Name for people",
    "formula": "How the value follows from what is counted",
    "unit": "Unit of the value and of its interval",
    "numerator": "What the numerator counts",
    "denominator": "What the denominator counts",
    "interval": "How the interval is computed, or none",
    "source": "Where the definition comes from",
    "edge_cases": "What is counted how in doubt",
    "version": "Version of the definition",
}
_FIELDS = [name for name in _COLUMNS if name != "name"]


def view() -> View:
    """View that holds the definitions, as constants of its SELECT."""
    rows = [
        ", ".join([sql.text(v.name), *(_literal(v.catalogue, field) for field in _FIELDS)])
        for v in sorted(views.load(), key=lambda v: v.name)
        if v.catalogue is not None
    ]
    listed = ",\n        ".join(f"({row})" for row in rows)
    picked = ",\n    ".join(f"tupleElement(row, {i}) AS {name}" for i, name in enumerate(_COLUMNS, 1))
    select = f"SELECT\n    {picked}\nFROM\n(\n    SELECT arrayJoin([\n        {listed}\n    ]) AS row\n)"
    comment = "Definition of every metric: what it counts, how, and where the definition comes from"
    columns = tuple(Column(name, "", said) for name, said in _COLUMNS.items())
    return View("metric_definition", comment, columns, select.replace("$", "$$"))


def _literal(record: Catalogue, field: str) -> str:
    value = getattr(record, field)
    return sql.text(value) if isinstance(value, str) else f"toUInt32({value})"


def write(client: Client, warehouse: Warehouse) -> str:
    """Render docs/metrics.md from what the database itself holds: definitions, views, tables and their comments."""
    database = warehouse.database
    definitions = client.execute(f"SELECT {', '.join(_COLUMNS)} FROM {sql.name(database)}.metric_definition")  # noqa: S608
    tables = client.execute(
        "SELECT name, comment FROM system.tables"
        " WHERE database = %(database)s AND NOT startsWith(name, '.') ORDER BY name",
        {"database": database},
    )
    read = f"database = %(database)s AND {sql.IS_READ}"
    columns = client.execute(
        f"SELECT table, name, type, comment FROM system.columns WHERE {read} ORDER BY table, position",  # noqa: S608
        {"database": database},
    )
    metrics = [dict(zip(_COLUMNS, row, strict=True)) for row in definitions]
    described = {name: [_row(*column) for table, *column in columns if table == name] for name, _ in tables}
    named = {metric["name"] for metric in metrics}
    comments = dict(tables)
    return "\n".join(
        [
            _TITLE,
            *_index(metrics),
            *(line for metric in metrics for line in _metric(metric, described[metric["name"]])),
            "## Other views\n",
            *(line for name in described if name not in named for line in _view(name, comments[name], described[name])),
        ]
    )


_TITLE = """# Metrics

Written from what the database holds by `python -m sinks.catalogue HOST PORT PASSWORD_FILE`; a test compares the two.

Every metric view has one long shape: filter on `grain` and `dimension`, which leaves the rest unread. Windows follow
the company's time zone; `value` and its 95 % interval are in the metric's unit. Views of recurring revenue
have a row for each `policy`; stocks, bridges and cohorts have windows of their own, told in their columns.

A view whose name ends in `_stored` has the answer of the view named before that as it was some minutes ago
(`stored_at`): it is quick to read, however much lies behind it.
"""


def _index(metrics: list[dict[str, Any]]) -> list[str]:
    rows = [f"| [`{m['name']}`](#{m['name']}) | {m['title']} | {_cell(m['unit'])} |" for m in metrics]
    return ["| View | Metric | Unit |", "|---|---|---|", *rows, ""]


def _metric(metric: dict[str, Any], columns: list[str]) -> list[str]:
    told = [f"- **{_LABELS[name]}**: {_cell(str(metric[name]))}" for name in _LABELS]
    return [f"## {metric['name']}\n", f"**{metric['title']}**\n", *told, "", *_HEAD, *columns, ""]


def _view(name: str, comment: str, columns: list[str]) -> list[str]:
    return [f"### {name}\n", f"{comment}\n", *_HEAD, *columns, ""]


_HEAD = ("| Column | Type | Meaning |", "|---|---|---|")
_LABELS = {
    "formula": "Formula",
    "unit": "Unit",
    "numerator": "Numerator",
    "denominator": "Denominator",
    "interval": "Interval",
    "edge_cases": "Edge cases",
    "source": "Source",
    "version": "Version",
}


def _row(name: str, kind: str, comment: str) -> str:
    return f"| `{name}` | `{kind}` | {_cell(comment)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("\n", " ")


if __name__ == "__main__":
    host, port, file = sys.argv[1:]
    sys.stdout.write(write(connect(host, int(port), password=Path(file).read_text("utf-8").strip()), Warehouse()))
