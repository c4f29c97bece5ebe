"""A metric as one record: what it means, which facts it counts, and how its value and interval follow from the counts.

The records are sinks/metrics/*.yaml. :mod:`sinks.windows` renders each as a view, and the catalogue shows the rest.
"""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from sinks.stored import Stored


class Count(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure per window: ``sum`` adds an expression over facts, ``aggregate`` is any aggregate over them.

    Sums need no more than each fact's share, so rolling windows cost the same as calendar ones; an aggregate
    reads every fact once for each of the 90 days.
    """

    comment: str
    sum: str = ""
    aggregate: str = ""
    type: Literal["Int64", "Float64", "Nullable(Float64)", "Decimal(38, 6)"] = "Int64"
    """Amounts of money are Decimal(38, 6), sums of them are exact."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A further column of the view, computed from the counts."""

    comment: str
    value: str
    type: str = "Nullable(Float64)"


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rows by element of an array column of the facts, whose empty element stands for the whole window."""

    array: str
    name: str
    comment: str


class Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sure the value is: 95 % bounds in the metric's unit.

    adjusted_wald: of a net share, from ``high`` and ``low`` out of ``of`` (counts or expressions over them).
    wilson: of a share, ``high`` out of ``of``; ``complement`` for 100 minus it.
    mean: of a mean, normal, from the sum ``high`` and the sum of squares ``low`` of ``of`` values.
    """

    kind: Literal["adjusted_wald", "wilson", "mean", "none"]
    high: str = ""
    low: str = ""
    of: str = ""


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the metric catalogue says of a metric; the same for metrics with a view of their own shape."""

    title: str
    formula: str
    unit: str
    numerator: str
    denominator: str
    interval: str
    source: str
    edge_cases: str
    version: int = 1


class Metric(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One metric record."""

    name: str
    catalogue: Catalogue
    facts: str
    """View of the facts: moment, account_id, fact_id, what the slices go by and what the counts name."""
    owned_at: str = "moment"
    """Column of the facts by whose time owner and segment go, where that is not the time that places it in a window."""
    restated: str = ""
    """Metric of restatement_log whose rows tell what corrections changed in the facts; empty when there are none."""
    excluded: str = ""
    """Condition on excluded_fact, where not everything that is left out of the facts concerns the metric."""
    where: str = ""
    slices: dict[str, str] = msgspec.field(default_factory=lambda: {"survey": "survey_id"})
    """Dimensions beside all, account, manager and segment, and the fact column that each goes by."""
    latest_per_person: bool = False
    """Whether only the latest fact of each account and person counts within a window and slice."""
    groups: dict[str, str] = {}
    """Fact columns that rows are kept apart by, with their comments."""
    spread: Spread | None = None
    counts: dict[str, Count]
    value: str
    numerator: str
    denominator: str
    n: str = "n"
    interval: Interval
    columns: dict[str, Column] = {}
    immature: str = ""
    """Count of facts whose outcome is still open; empty when outcomes are known at once."""
    keep: str = "n > 0"
    """Rows to show."""
    stored: Stored | None = None
    """What of the view is kept as a stored answer; None where reading it is quick enough."""

    @property
    def aggregated(self) -> bool:
        """Whether any count needs all of a window's facts at once."""
        return any(count.aggregate for count in self.counts.values())


@cache
def load() -> tuple[Metric, ...]:
    """Return every metric record, by name. Raises msgspec.ValidationError naming the field that is wrong."""
    folder = files("sinks") / "metrics"
    texts = sorted((path.name, path.read_text("utf-8")) for path in folder.iterdir() if path.name.endswith(".yaml"))
    return tuple(msgspec.yaml.decode(text, type=Metric) for _, text in texts)
