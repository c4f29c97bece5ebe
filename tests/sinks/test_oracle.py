"""NPS counted by a plain loop in Python, against the view, over histories of contacts."""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from tests.sinks.conftest import Migrated
from tests.sinks.example_rows import EPOCH, row

FIRST = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


class Answer(NamedTuple):
    account: str
    contact: str
    hours: int
    score: int


answers = st.lists(
    st.builds(
        Answer,
        st.sampled_from(("a", "b")),
        st.sampled_from(("", "ann", "bob")),
        st.one_of(st.integers(0, 24 * 220), st.sampled_from((0, 24 * 89, 24 * 90, 24 * 90 - 1))),
        st.integers(0, 10),
    ),
    max_size=14,
)


def _counted(held: list[tuple[int, Answer]]) -> tuple[int, int, int, int] | None:
    """Promoters, detractors, n and n_all of the answers of one window: the latest of each person counts."""
    latest: dict[tuple[str, str], tuple[int, str, int]] = {}
    for number, answer in held:
        person = (answer.account, answer.contact or f"anonymous {number}")
        latest[person] = max(latest.get(person, (-1, "", 0)), (answer.hours, f"r{number:02}", answer.score))
    scores = [score for _, _, score in latest.values()]
    return (sum(s >= 9 for s in scores), sum(s <= 6 for s in scores), len(scores), len(held)) if scores else None


def _day(answer: Answer) -> dt.date:
    return (FIRST + dt.timedelta(hours=answer.hours)).date()


def _expected(numbered: list[tuple[int, Answer]], days: int) -> dict[tuple[str, str, dt.date], tuple[int, ...]]:
    """Counts by dimension value, grain and window end."""
    found = {}
    for value in ("", "a", "b"):
        mine = [(n, a) for n, a in numbered if value in ("", a.account)]
        for offset in range(days):
            last = FIRST.date() + dt.timedelta(days=offset)
            for grain, width in (("day", 1), ("rolling_90d", 90)):
                held = [(n, a) for n, a in mine if last - dt.timedelta(days=width - 1) <= _day(a) <= last]
                if (counts := _counted(held)) is not None:
                    found[value, grain, last + dt.timedelta(days=1)] = counts
    return found


@pytest.mark.servers
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers)
def test_the_view_counts_as_a_plain_loop_does(
    client: Client, empty: Callable[[Warehouse], Migrated], given_answers: list[Answer]
) -> None:
    """Running totals with answers that give way to newer ones are easily off by a day or by one answer."""
    warehouse, generation = empty(Warehouse())
    numbered = list(enumerate(given_answers))
    micros = {a: (FIRST + dt.timedelta(hours=a.hours) - EPOCH) // dt.timedelta(microseconds=1) for a in given_answers}
    made = [
        row(
            "response",
            account_id=a.account,
            contact_id=a.contact,
            response_id=f"r{n:02}",
            nps=float(a.score),
            submitted_at=micros[a],
        )
        for n, a in numbered
    ]
    ClickHouseSink(client, generation).insert({"response": made})
    shown = client.execute(
        "SELECT dimension_value, grain, window_end, promoters, detractors, n, n_all"
        f" FROM {warehouse.database}.nps WHERE grain IN ('day', 'rolling_90d') AND dimension IN ('all', 'account')"
    )
    found = {(value, grain, end): tuple(counts) for value, grain, end, *counts in shown}
    assert found == _expected(numbered, 320)
    assert len(shown) == len(found)
