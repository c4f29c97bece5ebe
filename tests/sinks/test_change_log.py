"""The log of changes adds up to the figure that readers see, at every moment, where the latest answer alone counts."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from clickhouse_driver import Client

from sinks import metric, stock
from sinks.clickhouse import ClickHouseSink
from sinks.settings import Warehouse
from streams.core.changes import METRICS
from tests.sinks.conftest import Migrated
from tests.sinks.test_real_cases import work

START = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
Told = dict[str, object]
Sums = dict[tuple[str, dt.date], tuple[Decimal, Decimal]]
CHANCE = random.Random(8)


def history(count: int) -> list[Told]:
    """Answers of a few people on a few days: told again elsewhere, taken back, deleted, in no order of their days."""
    events: list[Told] = []
    for number in range(1, count + 1):
        response = f"r{CHANCE.randrange(12)}"
        given: Told = {"at": START + dt.timedelta(days=100 + number), "response_id": response}
        choice = CHANCE.random()
        if choice < 0.1:
            events.append({**given, "type": "response_deleted"})
            continue
        answers = [{"question_id": "q", "kind": "NPS", "number": float(CHANCE.randrange(11))}]
        given |= {"type": "response_submitted", "survey_id": "s", "survey_version": 1, "answers": answers}
        given |= {"contact_id": CHANCE.choice(["ann", "bob", None])}
        given |= {"submitted_at": START + dt.timedelta(days=CHANCE.randrange(45))}
        corrected = [n for n, each in enumerate(events, 1) if each["response_id"] == response]
        if corrected and choice < 0.4:
            given |= {"corrects_event_id": f"00000000-0000-4000-8000-{CHANCE.choice(corrected):012d}"}
            given |= {"is_retraction": choice < 0.25}
        events.append(given)
    return events


def shown(client: Client, database: str, latest: dt.datetime) -> Sums:
    """What the log adds up to, of what was known by a moment."""
    rows: Sequence[tuple[str, dt.date, Decimal, Decimal]] = client.execute(
        "SELECT g, multiIf(g = 'day', day, g = 'week', week_start, g = 'month', month_start, quarter_start) AS w,"
        f" sum(numerator) AS one, sum(denominator) AS other FROM {database}.change_log AS _c"
        " CROSS JOIN (SELECT arrayJoin(['day', 'week', 'month', 'quarter']) AS g) AS _g"
        " WHERE metric = 'nps' AND (grain = '' OR grain = g) AND ingested_at <= %(latest)s GROUP BY g, w"
        " HAVING one != 0 OR other != 0",
        {"latest": latest.replace(tzinfo=None)},
    )
    return {(grain, window): (one, other) for grain, window, one, other in rows}


def figures(client: Client, database: str) -> Sums:
    rows: Sequence[tuple[str, dt.date, float, int]] = client.execute(
        f"SELECT grain, window_start, numerator, n FROM {database}.nps"
        " WHERE dimension = 'account' AND grain IN ('day', 'week', 'month', 'quarter')"
    )
    return {(grain, window): (Decimal(one), Decimal(other)) for grain, window, one, other in rows}


def test_every_metric_that_shows_its_changes_names_one_of_the_log() -> None:
    """Given another name, `cx explain` would list no change at all, and nobody would know why."""
    asked = {each.name: each.restated for each in metric.load()} | {
        each.name: each.basis.restated for each in stock.load()
    }
    assert {name: of for name, of in asked.items() if of and of not in METRICS} == {}
    assert asked["ar_open"] == "receivable"


@pytest.mark.servers
def test_what_later_answers_displace_adds_up_at_every_moment(
    client: Client, empty: Callable[[Warehouse], Migrated]
) -> None:
    """Given answers up to some moment, and then all of them, the log has what the figure was at that moment."""
    events = history(60)
    parts = [events[:count] for count in (20, 40, 60)]
    then: list[Sums] = []
    for part in parts:
        warehouse, generation = empty(Warehouse())
        work(ClickHouseSink(client, generation, checked=True), part, 0)
        then.append(figures(client, warehouse.database))
    for part, expected in zip(parts, then, strict=True):
        assert shown(client, warehouse.database, part[-1]["at"]) == expected  # type: ignore[arg-type] # a time
    assert client.execute(f"SELECT count() > 20 FROM {warehouse.database}.displaced_answer") == [(1,)]
