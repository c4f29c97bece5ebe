"""The metric catalogue: a view that holds every metric's definition, and docs/metrics.md written from the database."""

import msgspec

from sinks import sql, views
from sinks.metric import Catalogue
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


class Documented(msgspec.Struct, frozen=True):
    """A view as the database describes it."""

    name: str
    comment: str
    columns: tuple[tuple[str, str, str], ...]
