"""Renders a metric record as the SELECT of its view: one long shape for every window and slice.

A view is a union of four branches: calendar windows and rolling ones, by account and by everything else. What tells
the branches apart is constant in each, so a filter on it leaves the others unread. Within a branch facts are crossed
with the dimensions and calendar grains that the filter leaves: few branches, because the database analyses every one
of them for every query. Accounts have branches of their own because tables are ordered by account: a filter on one
account then reads that account only.

Rolling windows are never crossed with their facts: each fact enters on its day and leaves 90 days on, or when a later
answer of the same person takes its place, and the counts are running totals.

The SQL stands in sinks/templates; here its parts are put together.
"""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from string import Template
from typing import Literal

from sinks.intervals import bounds
from sinks.metric import Metric

Kind = Literal["calendar", "rolling"]
ROLLING_DAYS = 90
FACTS = ("facts_by_account", "facts_by_others")
"""Templates that give every fact its dimension and slice."""


@cache
def _template(name: str) -> Template:
    return Template((files("sinks") / "templates" / f"{name}.sql").read_text("utf-8"))


def _fill(name: str, **parts: str) -> str:
    """Fill a template's own parts in; the deployment's variables stay for later."""
    return _template(name).safe_substitute(parts)


def _facts(metric: Metric, template: str) -> str:
    return _fill(
        template,
        facts_view=metric.facts,
        owned_at=metric.owned_at,
        where=f"WHERE {metric.where}" if metric.where else "",
        dimensions=", ".join(f"'{name}'" for name in ("all", *metric.slices, "manager", "segment")),
        slices="".join(f"dimension = '{name}', {column},\n        " for name, column in metric.slices.items()),
    )


def _fact_keys(metric: Metric) -> str:
    """Columns that tell apart the rows of one window and dimension, before an array is spread."""
    return ", ".join(["dimension", "dimension_value", *metric.groups])


def _keys(metric: Metric) -> str:
    return ", ".join([_fact_keys(metric), *([metric.spread.name] if metric.spread else [])])


def _array_join(metric: Metric) -> str:
    return f"ARRAY JOIN {metric.spread.array} AS {metric.spread.name}" if metric.spread else ""


def names(metric: Metric) -> list[str]:
    """Columns that hold counts."""
    return [*metric.counts, *(["n_all"] if metric.latest_per_person else [])]


def _counts(metric: Metric, weight: str, every: str) -> str:
    """Every count as an aggregate, sums weighted; ``every`` is the weight of a fact that counts whoever it is of."""
    parts = [
        f"{count.aggregate} AS {name}"
        if count.aggregate
        else f"CAST(sum(({count.sum}) * {weight}), '{count.type}') AS {name}"
        for name, count in metric.counts.items()
    ]
    return ", ".join(parts + ([f"toInt64(sum({every})) AS n_all"] if metric.latest_per_person else []))


def _calendar(metric: Metric, facts: str) -> str:
    scope = _fill("calendar_scope", facts=facts)
    if metric.latest_per_person:
        scope = _fill("calendar_latest", scope=scope, fact_keys=_fact_keys(metric))
    return _fill(
        "calendar",
        scope=scope,
        keys=_keys(metric),
        counts=_counts(metric, "counted" if metric.latest_per_person else "1", "1"),
        array_join=_array_join(metric),
    )


def _rolling(metric: Metric, facts: str) -> str:
    name = "rolling_latest" if metric.latest_per_person else "rolling_scope"
    total = "sum({0}) OVER (PARTITION BY {1} ORDER BY from_day ROWS UNBOUNDED PRECEDING) AS total_{0}"
    return _fill(
        "rolling",
        scope=_fill(name, facts=facts, fact_keys=_fact_keys(metric), rolling_days=str(ROLLING_DAYS)),
        keys=_keys(metric),
        counts=_counts(metric, "tupleElement(change, 2)", "tupleElement(change, 3)"),
        running=", ".join(total.format(name, _keys(metric)) for name in names(metric)),
        totals=", ".join(f"total_{name} AS {name}" for name in names(metric)),
        array_join=_array_join(metric),
        rolling_days=str(ROLLING_DAYS),
    )


def _rolling_aggregated(metric: Metric, facts: str) -> str:
    return _fill(
        "rolling_aggregated",
        facts=facts,
        keys=_keys(metric),
        counts=_counts(metric, "1", ""),
        array_join=_array_join(metric),
        rolling_days=str(ROLLING_DAYS),
    )


def _windows(metric: Metric, facts: Iterable[str], kinds: Iterable[Kind]) -> str:
    """Union of the branches; with a spread array, each row also carries the counts of its whole window."""
    rolling = _rolling_aggregated if metric.aggregated else _rolling
    render = {"calendar": _calendar, "rolling": rolling}
    columns = f"grain, window_start, window_end, {_keys(metric)}, {', '.join(names(metric))}"
    branches = [render[kind](metric, _facts(metric, template)) for template in facts for kind in kinds]
    union = "\nUNION ALL\n".join(_fill("branch", columns=columns, branch=text) for text in branches)
    if metric.spread is None:
        return union
    window = f"PARTITION BY grain, window_start, window_end, {_fact_keys(metric)}"
    whole = ", ".join(f"maxIf({c}, {metric.spread.name} = '') OVER ({window}) AS whole_{c}" for c in names(metric))
    return _fill("whole", whole=whole, union=union)


def of_account(metric: Metric, kind: Kind) -> str:
    """The same SELECT without what no question about one account reads: other slices, and `as_of` (it is NULL)."""
    return render(metric, FACTS[:1], [kind], as_of="NULL")


def facts_of_account(metric: Metric, facts: str) -> str:
    """SELECT of the facts of one account and window, with `counted` and what each count would be of the fact alone.

    ``facts`` selects them; `counted` is 0 where a later answer of the same person takes the fact's place.
    """
    scope, counts = _fill("facts_of_window", facts=facts), _counts(metric, "1", "1")
    if not metric.latest_per_person:
        return _fill("facts_alone", scope=scope, counts=f"1 AS counted, {counts}")
    latest = _fill("calendar_latest", scope=scope, fact_keys=_fact_keys(metric))
    return _fill("facts_alone", scope=latest, counts=counts)


def render(
    metric: Metric,
    facts: Iterable[str] = FACTS,
    kinds: Iterable[Kind] = ("calendar", "rolling"),
    as_of: str = "assumeNotNull((SELECT as_of FROM ${cx}.watermark))",
) -> str:
    """SELECT of the metric's view, with the deployment's variables still to fill in."""
    low, high = bounds(metric.interval)
    own = [name for name in names(metric) if name != "n"]
    return _fill(
        "shape",
        keys=_keys(metric),
        value=metric.value,
        numerator=metric.numerator,
        denominator=metric.denominator,
        n=metric.n,
        ci_low=low,
        ci_high=high,
        as_of=as_of,
        immature=metric.immature or "0",
        columns=",\n    ".join([*own, *(f"{column.value} AS {name}" for name, column in metric.columns.items())]),
        windows=_windows(metric, facts, kinds),
        keep=f"({metric.keep}) AND {metric.spread.name} != ''" if metric.spread else metric.keep,
    )
