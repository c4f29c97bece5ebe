"""Alerts and the on-call board against what workers really export: nothing here complains of a name that is wrong."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.codec import Codec
from streams.live.engine.stats import EngineStats
from streams.live.worker import web_answers as web
from streams.live.worker.delivery import LogDelivery
from streams.live.worker.signals import SignalHandler

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "infra" / "compose"
PROMETHEUS = yaml.safe_load((COMPOSE / "prometheus" / "prometheus.yml").read_text())
(GROUP,) = yaml.safe_load((COMPOSE / "prometheus" / "alerts.yml").read_text())["groups"]
RULES: list[dict[str, Any]] = GROUP["rules"]
BOARD = json.loads((COMPOSE / "grafana" / "boards" / "oncall.json").read_text())
EXPRESSIONS = {
    **{rule["alert"]: rule["expr"] for rule in RULES},
    **{f"{panel['title']}/{t['refId']}": t["expr"] for panel in BOARD["panels"] for t in panel["targets"]},
}
STATES = {"starting", "restoring", "running", "waiting for the sink", "stopped"}
RUNBOOKS = {"lag-grows", "clickhouse-down", "broker-down", "poison-flood", "wrong-numbers", "bad-deploy", "disk-full"}


def _exported() -> Iterator[tuple[str, set[str]]]:
    """Yield every metric that a worker exports, with its labels."""
    delivery = LogDelivery()
    handler = SignalHandler(codec=Codec(), delivery=delivery, delivered={}, minutes={}, attempts=1, clock=lambda: 0)
    each = {"cx.survey-0": 1}
    stats = EngineStats(lag_records=each, lag_seconds=dict.fromkeys(each, 1.0), entries=each)
    stopped = EngineStats(limit=("cx.survey-0", "17", "malformed"))
    rendered = [web.WorkerMetrics(lambda told=told: told, handler).render() for told in (stats, stopped)]
    for line in b"".join(rendered).decode().splitlines():
        if not line.startswith("#"):
            yield line.partition("{")[0].partition(" ")[0], set(re.findall(r'(\w+)="', line))
    asyncio.run(delivery.close())


EXPORTED = dict(_exported())


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS.keys())
def test_an_expression_names_what_workers_export(expression: str) -> None:
    """A metric that does not exist is an alert that never fires, and a panel that is always calm."""
    named = set(re.findall(r"\bcx_\w+", expression))
    assert named <= EXPORTED.keys()
    assert named or "up{" in expression
    for labels in re.findall(r"by \(([^)]*)\)", expression):
        assert all(any(label in EXPORTED[name] for name in named) for label in re.split(r",\s*", labels))
    assert set(re.findall(r'state="([^"]*)"', expression)) <= STATES
    assert expression.count("(") == expression.count(")")
    jobs = {job["job_name"] for job in PROMETHEUS["scrape_configs"]}
    assert set(re.findall(r'job="([^"]*)"', expression)) <= jobs


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_names_its_runbook(rule: dict[str, Any]) -> None:
    """Whoever is woken opens the runbook before the code."""
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    folder, _, name = rule["annotations"]["runbook"].rpartition("/")
    assert folder == "docs/runbooks"
    assert name.removesuffix(".md") in RUNBOOKS
    if (ROOT / folder).exists():
        assert (ROOT / folder / name).exists()


def test_alerts_have_names_of_their_own_and_are_loaded() -> None:
    """Of two alerts with one name, Prometheus shows one."""
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    assert PROMETHEUS["rule_files"] == ["alerts.yml"]


def test_every_metric_is_on_the_board_or_in_an_alert() -> None:
    """A figure that nobody looks at is not worth its place."""
    used = {name for expression in EXPRESSIONS.values() for name in re.findall(r"\bcx_\w+", expression)}
    assert EXPORTED.keys() - used == set()


def test_the_board_reads_the_provisioned_source() -> None:
    """Grafana shows an empty board and says nothing when a name is wrong."""
    (source,) = yaml.safe_load((COMPOSE / "grafana/provisioning/datasources/prometheus.yaml").read_text())[
        "datasources"
    ]
    asked = [panel["datasource"] for panel in BOARD["panels"]]
    asked += [target["datasource"] for panel in BOARD["panels"] for target in panel["targets"]]
    assert {(each["type"], each["uid"]) for each in asked} == {(source["type"], source["uid"])}
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert source["url"].removeprefix("http://").partition(":")[0] in services


def test_panels_do_not_lie_on_each_other() -> None:
    """Grafana moves them, and a provisioned board looks different for everybody."""
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
        assert panel["description"].endswith(".")
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
