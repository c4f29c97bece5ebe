"""The demonstration's judgement: every row that the oracle expects beside what the views say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from infra.demo import check_billing
from infra.demo.present import SOURCES
from infra.demo.world import SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from clickhouse_driver import Client

    from infra.demo.company import Figure

METRICS = (
    "nps", "csat", "csat_mean", "ces", "ces_mean", "response_rate", "start_rate", "completion_rate",
    "verbatim_rate", "closed_loop_rate", "time_to_contact", "topic_share",
    "first_reply", "first_resolution", "full_resolution", "replies_per_ticket", "reopen_rate", "one_touch_rate",
    "escalation_rate", "ticket_csat", "ticket_csat_response_rate",
    "feedback_told_rate", "feedback_closed_rate", "feedback_time_to_tell",
)  # fmt: skip
_TOLERANCE = 1e-6
DEADLINES = f"""
SELECT 'on_time_rate', grain, toString(window_start), dimension, dimension_value, '', value, numerator, n,
    ci_low, ci_high, low_sample
FROM on_time_rate
WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager') AND kind = 'task'
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}'
"""  # noqa: S608 - own names
RENEWALS = f"""
SELECT 'renewal_rate_gross', grain, toString(window_start), dimension, dimension_value, concat(policy, ' ', currency),
    value, numerator, n
FROM renewal_rate_gross
WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager')
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}' AND value IS NOT NULL
"""  # noqa: S608 - own names
"""Rows with the oracle's keys; the item is the policy and the currency."""
VALUE = f"""
SELECT 'value_reached_share', grain, toString(window_start), dimension, dimension_value, toString(horizon_days),
    value, numerator, n
FROM value_reached_share
WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager')
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}' AND value IS NOT NULL
"""  # noqa: S608 - own names
"""Likewise; the item is the number of days."""
MEDIA = f"""
SELECT 'media_variance', grain, toString(window_start), dimension, dimension_value, currency, value, numerator, n
FROM media_variance
WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager')
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}' AND value IS NOT NULL
"""  # noqa: S608 - own names
MARGINS = f"""
SELECT 'account_margin', grain, toString(window_start), dimension, dimension_value, '', value, toFloat64(numerator), n
FROM account_margin
WHERE grain = 'month' AND dimension = 'project' AND dimension_value != '' AND value IS NOT NULL
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}'
"""  # noqa: S608 - own names
CREDITED = f"""
SELECT 'credited_flow', grain, toString(window_start), dimension, dimension_value, concat(kind, ' ', currency),
    toFloat64(amount) AS credited, credited, 0
FROM credited_flow
WHERE grain = 'month' AND dimension = 'manager' AND kind != 'collected'
    AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}'
"""  # noqa: S608 - own names

Key = tuple[str, str, str, str, str, str]
"""Metric, grain, start of the window, dimension, slice, item."""
Numbers = tuple[float, float, int]


class Row(msgspec.Struct, frozen=True):
    """A row of a metric's view; the interval's bounds are None where it has none."""

    value: float
    numerator: float
    n: int
    ci_low: float | None = None
    ci_high: float | None = None
    low_sample: int = 0

    @property
    def numbers(self) -> Numbers:
        return self.value, self.numerator, self.n


class Difference(msgspec.Struct, frozen=True):
    """A row that is not as expected; ``expected`` or ``found`` is None where there should be, or is, none."""

    key: Key
    expected: Numbers | None
    found: Numbers | None


def query(metric: str) -> str:
    """Return the statement that reads a metric's rows of the demonstration's time."""
    item = "topic_id" if metric == "topic_share" else "''"
    return (
        f"SELECT '{metric}', grain, toString(window_start), dimension, dimension_value, {item},"  # noqa: S608 - own names
        f" value, numerator, n, ci_low, ci_high, low_sample FROM {metric}"
        " WHERE grain IN ('week', 'quarter') AND dimension IN ('all', 'account', 'segment', 'manager')"
        f" AND window_start BETWEEN '{check_billing.FIRST}' AND '{check_billing.LAST}' AND value IS NOT NULL"
    )


QUESTIONS = (*map(query, METRICS), *check_billing.QUESTIONS, DEADLINES, RENEWALS, VALUE, MEDIA, MARGINS, CREDITED)


def read(
    client: Client, advance: Callable[[], None] = lambda: None, questions: Iterable[str] = QUESTIONS
) -> dict[Key, Row]:
    """Return what the views say, by the key of an expected row; ``advance`` is called after each question."""
    found: dict[Key, Row] = {}
    for question in questions:
        for name, grain, start, dimension, part, item, *figures in client.execute(question):
            found[name, grain, start, dimension, part, item] = Row(*figures)
        advance()
    return found


def _same(expected: Numbers, found: Numbers) -> bool:
    pairs = zip(expected, found, strict=True)
    return all(math.isclose(ours, theirs, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE) for ours, theirs in pairs)


def counts(client: Client) -> tuple[int, int]:
    """Return how many of the demonstration's events were taken in, and how many dead letters there are."""
    ours = "source = %(past)s OR startsWith(source, %(present)s)"
    taken = client.execute(f"SELECT count() FROM event WHERE {ours}", {"past": SOURCE, "present": SOURCES})  # noqa: S608
    return int(taken[0][0]), int(client.execute("SELECT count() FROM dead_letter")[0][0])


def compare(expected: Iterable[Figure], found: Mapping[Key, Row]) -> list[Difference]:
    """Return every row that differs, that is missing, or that nobody expects."""
    wanted: dict[Key, Numbers] = {figure.key: (figure.value, figure.numerator, figure.n) for figure in expected}
    said = {key: row.numbers for key, row in found.items()}
    pairs = ((key, wanted.get(key), said.get(key)) for key in sorted(wanted.keys() | said.keys()))
    return [
        Difference(key, ours, theirs)
        for key, ours, theirs in pairs
        if ours is None or theirs is None or not _same(ours, theirs)
    ]


def headline(found: Mapping[Key, Row]) -> list[tuple[Any, ...]]:
    """Return the figures of the demonstration's first quarter with their intervals, for people to read."""
    return [
        (f"{metric} {item}".strip(), row.value, row.ci_low, row.ci_high, row.n)
        for (metric, grain, start, dimension, _, item), row in found.items()
        if (grain, start, dimension) == ("quarter", check_billing.FIRST, "all")
    ]


def slices(found: Mapping[Key, Row], dimension: str) -> list[tuple[Any, ...]]:
    """Return NPS by a dimension in that quarter, best first."""
    rows = [
        (part, row.value, row.ci_low, row.ci_high, row.n, "low sample" if row.low_sample else "")
        for (metric, grain, start, kind, part, _), row in found.items()
        if (metric, grain, start, kind) == ("nps", "quarter", check_billing.FIRST, dimension)
    ]
    return sorted(rows, key=lambda row: -row[1])
