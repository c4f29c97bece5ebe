"""Every metric of the catalogue is explained: its figure is the view's own, and its facts lead to events and add up."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from clickhouse_driver import Client

from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.explaining import folded
from infra.settings import Settings
from infra.stack import Stack
from sinks import metric, stock, views
from sinks.clickhouse import ClickHouseSink
from sinks.connection import connect
from sinks.explain import Explainer
from sinks.figures import Given, Served
from sinks.memory import MemorySink
from sinks.metric import Metric
from sinks.period import EVER, Period, parse
from sinks.port import Rows
from sinks.settings import Warehouse
from sinks.stock import Stock
from tests.sinks.conftest import Migrated
from tests.sinks.test_real_cases import records, work
from tests.support.records import CODEC

HISTORY: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("explained_history.yaml").read_text("utf-8"))
ASKED = ("2025-05-20", "2025-W20", "2025-05", "2025-02/P12M", "rolling:2025-05-31")
PERIODS = (*map(parse, ASKED), EVER)
CATALOGUE = sorted(view.name for view in views.load() if view.catalogue is not None)
KYIV = Warehouse(time_zone="Europe/Kyiv", low_sample=2)


def _of(account: str) -> list[dict[str, Any]]:
    """The history of an account; what belongs to nobody is told once."""
    return [{"account_id": account, **each} for each in HISTORY]


def _shared(event: dict[str, Any]) -> bool:
    return event["type"] in ("schedule_set", "fx_rate_set", "rate_card_set", "survey_defined", "risk_rule_set")


def _of_the_stage(events: list[dict[str, Any]], until: int) -> Rows:
    """Rows that the account stage has of the events, by the fold that `cx explain` uses for what was known."""
    by_topic: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for topic, each in records(events):
        by_topic[f"cx.{topic}", 0].append(each)
    found = folded(Settings(), CODEC, dict(by_topic), until, {topic: 1 for topic, _ in by_topic}).tables
    return {name: [(*row, 1, 0) for row in found[name]] for name in ("account_health", "account_now", "risk_episode")}


class World:
    """Two accounts of the same history in the tables, and one of them in memory."""

    def __init__(self, client: Client, typed: Client, warehouse: Warehouse, generation: str) -> None:
        now = dt.datetime.now(dt.UTC)
        until = int(now.timestamp() * 1_000_000)
        others = [event for event in _of("other") if not _shared(event)]
        tables = ClickHouseSink(client, generation, checked=True)
        work(tables, [*_of("acme"), *others], until)
        self.memory = MemorySink()
        work(self.memory, _of("acme"), until)
        for sink in (tables, self.memory):
            sink.insert(_of_the_stage(_of("acme"), until))
        self.served = Served(typed, warehouse)
        self.given = Given(typed, warehouse, self.memory.tables(), until)
        self.explainer = Explainer(typed, warehouse)
        self.client, self.database = typed, warehouse.database

    def facts_of(self, record: Metric) -> list[dict[str, Any]]:
        """All facts of the account that a metric of the common shape may count."""
        where = record.where or "1"
        query = f"SELECT entities FROM {self.database}.{record.facts} WHERE account_id = 'acme' AND {where}"
        return [{"entities": entities} for (entities,) in self.client.execute(query)]

    def view(self, asked: Stock) -> list[dict[str, Any]]:
        """What readers find in the view for the account, in whatever window."""
        rows, columns = self.client.execute(
            f"SELECT * FROM {self.database}.{asked.name} WHERE dimension = 'account' AND dimension_value = 'acme'",
            with_column_types=True,
        )
        return [dict(zip((name for name, _ in columns), row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def typed(stack: Stack) -> Iterator[Client]:
    opened = connect(stack.clickhouse_host, stack.clickhouse_port, password=stack.passwords[ADMINISTRATOR], typed=True)
    yield opened
    opened.disconnect()


def _of_window(row: dict[str, Any], period: Period) -> bool:
    """Whether a row of a view, of whatever shape, is of the window."""
    months = {"month": 1, "quarter": 3, "3 months": 3, "year": 12, "12 months": 12}.get(period.grain)
    length = row.get("grain", row.get("months", "month"))
    return row["window_start"] == period.start and length in (period.grain, months)


def _adds_up(asked: Stock, figure: dict[str, Any], facts: list[dict[str, Any]]) -> None:
    own = [fact for fact in facts if all(fact[name] == figure[name] for name in asked.groups)]
    for name in asked.shown.parts:
        total = sum((Decimal(fact[f"part_{name}"]) for fact in own), Decimal(0))
        # The view cuts behind the millionth, and below nothing towards nothing.
        assert float(total) == pytest.approx(float(figure[name] or 0), abs=1.1e-6), (asked.name, name, figure, own)


def _explained(world: World, asked: Stock) -> list[dict[str, Any]]:
    """Compare a figure with the view and its facts; return these.

    Metrics of one file take turns with their windows. What was known is the same text over other tables: once a file.
    """
    shown = None if asked.is_alone else world.view(asked)
    kin, windows = list(asked.basis.metrics), [each for each in PERIODS if each.grain in asked.windows]
    period = windows[kin.index(asked.name) % len(windows)]
    figures, facts = world.served.figures(asked, "acme", period), world.served.facts(asked, "acme", period)
    assert figures, (asked.name, period)
    for figure in figures:
        _adds_up(asked, figure, facts)
    if shown is not None:
        said = [{name: row[name] for name in figures[0]} for row in shown if _of_window(row, period)]
        assert sorted(map(repr, figures)) == sorted(map(repr, said)), (asked.name, period)
    if asked.name == kin[0]:
        assert world.given.figures(asked, "acme", period) == figures, (asked.name, period)
        assert world.given.facts(asked, "acme", period) == facts, (asked.name, period)
    return facts


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_every_metric_is_explained(client: Client, typed: Client, empty: Callable[[Warehouse], Migrated]) -> None:
    """Facts of each lead to events with a place in Kafka; those of stocks, bridges and cohorts add up to the figure.

    That figure is the same on three ways: the view's, explain's, and over what was known. Other metrics' figures are
    compared in test_figures.py. A metric without facts here is not tried.
    """
    world = World(client, typed, *empty(KYIV))
    found = {asked.name: _explained(world, asked) for asked in stock.load()}
    found |= {record.name: world.facts_of(record) for record in metric.load()}
    assert sorted(found) == CATALOGUE
    assert [name for name, facts in found.items() if not facts] == []
    assert [name for name, facts in found.items() if not all(fact["entities"] for fact in facts)] == []
    entities = {entity for facts in found.values() for fact in facts for entity in fact["entities"]}
    assert set(world.explainer.events("acme", entities)) == entities


def test_none_of_the_catalogue_is_left_out() -> None:
    """A metric that is explained by nobody is one that nobody can defend."""
    named = [record.name for record in (*metric.load(), *stock.load())]  # type: ignore[attr-defined]
    assert sorted(named) == CATALOGUE
    for record in stock.load():
        assert set(record.shown.parts) <= set(record.shown.figures)
