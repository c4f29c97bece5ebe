"""What the endpoints answer: health for a supervisor, lag for people, metrics for Prometheus."""

from __future__ import annotations

import asyncio

import pytest

from schemas.codec import Codec
from streams.live.engine.crash_points import POINTS, crash_at
from streams.live.engine.stats import EngineStats
from streams.live.worker import web_answers as web
from streams.live.worker.delivery import LogDelivery
from streams.live.worker.host import credentials
from streams.live.worker.signals import SignalHandler

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("state", "silent_s", "status"),
    [
        ("running", 1, 200),
        ("restoring", 29, 200),
        ("waiting for the sink", 1, 200),
        ("running", 31, 503),
        ("starting", 0, 503),
        ("stopped", 0, 503),
    ],
)
def test_health_is_a_turning_loop(state: str, silent_s: int, status: int) -> None:
    """G12: a frozen loop is told within half a minute; waiting for ClickHouse is not ill, a restart would not help."""
    stats = EngineStats(state=state, beat_at=100 * SECOND)
    found, body = web.health(stats, (100 + silent_s) * SECOND, 30.0, 30.0)
    assert found == status
    assert body["healthy"] is (status == 200)


@pytest.mark.parametrize(("held_s", "state"), [(29, "running"), (31, "insert stalled"), (3600, "insert stalled")])
def test_a_stalled_insert_is_said_and_is_not_ill(held_s: int, state: str) -> None:
    """An orchestrator that kills what is ill would kill every worker while ClickHouse is away, and help nobody."""
    stats = EngineStats(state="running", beat_at=100 * SECOND, inserting_since=100 * SECOND)
    status, body = web.health(stats, (100 + held_s) * SECOND, 30.0, 30.0)
    assert (status, body["state"]) == (200, state)


def test_lag_adds_up_over_partitions() -> None:
    """The total is what an alarm watches, the partitions are where one looks next."""
    stats = EngineStats(lag_records={"a-0": 2, "a-1": 3}, lag_seconds={"a-0": 1.5, "a-1": 0.5})
    answer = web.lag(stats)
    assert (answer["records"], answer["seconds"]) == (5, 1.5)
    assert answer["partitions"]["a-1"] == {"records": 3, "seconds": 0.5}
    assert web.lag(EngineStats())["seconds"] == 0.0


def test_lag_says_what_is_left_to_do_once_nothing_lags() -> None:
    """Deadlines and the account stage follow behind the last record: whoever waits for rows has to know."""
    answer = web.lag(EngineStats(owned=4, undone=1))
    assert (answer["records"], answer["owned"], answer["undone"]) == (0, 4, 1)


def test_every_metric_is_rendered_with_its_sentence() -> None:
    """The table in the module is the list of metrics: what stands there is scraped, and nothing else."""
    delivery = LogDelivery()
    handler = SignalHandler(codec=Codec(), delivery=delivery, delivered={}, minutes={}, attempts=1, clock=lambda: 0)
    stats = EngineStats(records=7, lag_records={"cx.survey-0": 4}, restoring={"cx.survey-changelog-0": (3, 8)})
    text = web.WorkerMetrics(lambda: stats, handler).render().decode()
    assert "cx_records_total 7.0" in text
    assert 'cx_lag_records{partition="cx.survey-0"} 4.0' in text
    assert 'cx_state{state="starting"} 1.0' in text
    assert "cx_restore_remaining 5.0" in text
    named = [name for name, _, _ in (*web.COUNTERS, *web.GAUGES)] + [name for name, _ in web.LABELLED] + [*web.BESIDE]
    for name in named:
        assert f"# HELP {name}" in text
    assert text.count("# HELP") == len(named)
    asyncio.run(delivery.close())


def test_a_worker_at_the_limit_exports_where_and_no_lag() -> None:
    """The alert fires by this and ends when another worker has the partition, which is who exports its lag."""
    delivery = LogDelivery()
    handler = SignalHandler(codec=Codec(), delivery=delivery, delivered={}, minutes={}, attempts=1, clock=lambda: 0)
    stats = EngineStats(lag_records={"cx.survey-0": 4}, limit=("cx.survey-0", "17", "malformed"))
    text = web.WorkerMetrics(lambda: stats, handler).render().decode()
    assert 'cx_dead_letter_limit{offset="17",partition="cx.survey-0",reason="malformed"} 1.0' in text
    assert "cx_lag_records{" not in text
    asyncio.run(delivery.close())


@pytest.mark.parametrize("spec", ["nowhere:1", "before_insert", "before_insert:", "before_insert:x", ":1"])
def test_a_crash_point_that_does_not_exist_is_refused(spec: str) -> None:
    """A fault test whose fault never happens would prove nothing."""
    with pytest.raises(ValueError, match="expected one of in_restore"):
        crash_at(spec)


def test_no_crash_point_is_the_default() -> None:
    """Production passes every point and goes on."""
    for point in POINTS:
        crash_at("")(point)


def test_passwords_get_a_tls_context_wherever_the_protocol_has_one() -> None:
    """Faust would send SASL passwords in plain text without: a trap that has no warning."""
    sasl = {"sasl.username": "u", "sasl.password": "p", "sasl.mechanism": "SCRAM-SHA-512"}
    secured = credentials({"security.protocol": "SASL_SSL", **sasl})
    assert secured.ssl_context is not None
    assert credentials({}) is None
