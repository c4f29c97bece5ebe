"""The demonstration's judgement: every row that the oracle expects beside what the views say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickhouse_driver import Client

    from infra.demo.oracle import Figure

_TOLERANCE = 1e-6
_FIRST, _LAST = "2025-01-01", "2025-06-30"
_METRICS = (
    "nps", "csat", "csat_mean", "ces", "ces_mean", "response_rate", "start_rate", "completion_rate",
    "verbatim_rate", "closed_loop_rate", "time_to_contact", "topic_share",
)  # fmt: skip

_HEADLINE = f"grain = 'quarter' AND dimension = 'all' AND window_start = '{_FIRST}'"

Key = tuple[str, str, str, str, str, str]
Numbers = tuple[float, float, int]


class Difference(msgspec.Struct, frozen=True):
    """A row that is not as expected; ``expected`` or ``found`` is None where there should be, or is, none."""

    key: Key
    expected: Numbers | None
    found: Numbers | None


def query(metric: str) -> str:
    """Return the statement that reads a metric's rows of the demonstration's time."""
    item = "topic_id" if metric == "topic_share" else "''"
    return (
        f"SELECT '{metric}', grain, toString(window_start), dimension, dimension_value, {item}, value, numerator, n"  # noqa: S608
        f" FROM {metric} WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager')"
        f" AND window_start BETWEEN '{_FIRST}' AND '{_LAST}' AND value IS NOT NULL"
    )


def read(client: Client) -> dict[Key, Numbers]:
    """Return what the views say, by the key of an expected row."""
    found: dict[Key, Numbers] = {}
    for metric in _METRICS:
        for *key, value, numerator, n in client.execute(query(metric)):
            found[tuple(key)] = (value, numerator, n)
    return found


def _same(expected: Numbers, found: Numbers) -> bool:
    close = (math.isclose(a, b, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) for a, b in zip(expected, found, strict=True))
    return all(close)


def compare(expected: Iterable[Figure], found: dict[Key, Numbers]) -> list[Difference]:
    """Return every row that differs, that is missing, or that nobody expects."""
    wanted: dict[Key, Numbers] = {figure.key: (figure.value, figure.numerator, figure.n) for figure in expected}
    keys = sorted(wanted.keys() | found.keys())
    pairs = ((key, wanted.get(key), found.get(key)) for key in keys)
    return [
        Difference(key, ours, theirs)
        for key, ours, theirs in pairs
        if ours is None or theirs is None or not _same(ours, theirs)
    ]


def headline(client: Client) -> list[tuple[Any, ...]]:
    """Return the figures of the demonstration's first quarter, with their intervals, for people to read."""
    rows: list[tuple[Any, ...]] = []
    for metric in _METRICS:
        item = "concat(metric, ' ', topic_id)" if metric == "topic_share" else "metric"
        source = f"(SELECT '{metric}' AS metric, * FROM {metric} WHERE {_HEADLINE})"  # noqa: S608 - own names
        rows += client.execute(f"SELECT {item}, value, ci_low, ci_high, n FROM {source} ORDER BY 1")  # noqa: S608
    return rows


def slices(client: Client, dimension: str) -> list[tuple[Any, ...]]:
    """Return NPS by a dimension in that quarter, best first."""
    found: list[tuple[Any, ...]] = client.execute(
        "SELECT dimension_value, value, ci_low, ci_high, n, low_sample FROM nps WHERE grain = 'quarter'"
        f" AND dimension = %(dimension)s AND window_start = '{_FIRST}' ORDER BY value DESC",  # noqa: S608
        {"dimension": dimension},
    )
    return found
