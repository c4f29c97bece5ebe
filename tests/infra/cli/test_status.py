"""cx status and cx doctor on real servers: well, ill in each way, and with nothing there at all."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from click.testing import Result
from confluent_kafka import Producer
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from infra import local, wiring, workers
from infra.cli import app
from infra.embedded.checks import pick_free_ports
from infra.embedded.process import ServerProcess
from infra.settings import Settings
from infra.standing import settle
from tests.infra.cli.conftest import Cx

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]


def _failed(result: Result) -> dict[str, str]:
    return {c["name"]: c["said"] for c in json.loads(result.stdout)["checks"] if c["verdict"] == "fail"}


def _produce(here: Settings, value: bytes, times: int) -> None:
    producer = Producer({"bootstrap.servers": here.kafka_bootstrap})
    for _ in range(times):
        producer.produce(f"{here.topic_prefix}survey", value, b"acme", partition=0)
    assert producer.flush(10) == 0


def test_status_tells_well_from_ill(cx: Cx, here: Settings, worker: ServerProcess) -> None:
    """One life of a deployment: well, a flood of bad records, a worker frozen, gone, and records left waiting."""
    deadline = time.monotonic() + 90
    while "is starting" in (well := cx("status")).stdout or "yet" in well.stdout or "restores" in well.stdout:
        assert time.monotonic() < deadline
    assert "nothing is wrong" in well.stdout
    assert "\x1b" not in well.stdout, "no colours where output is piped"
    told = json.loads(cx("status", "--format", "json").stdout)
    assert told["healthy"]
    assert [each["state"] for each in told["workers"]] == ["running"]
    assert told["tables"]["generation"] == f"{here.database}_g1"

    _produce(here, b"no event", 12)
    settle(here, lambda: None)
    flood = cx("status", status=1)
    assert "12 of the last 12 records" in flood.stdout
    assert "cx runbook poison-flood" in flood.stdout
    assert set(_failed(cx("status", "--format", "json", status=1))) == {"dead letters"}
    cx("dead-letters", "discard", "--topic", "survey", "--why", "a load test", "--yes")
    assert "0 of the last 12 records, 0 of 0 in the last hour, 0 in all are open" in cx("status").stdout

    os.kill(worker.pid, signal.SIGSTOP)
    frozen = _failed(cx("status", "--format", "json", status=1))
    assert "does not answer" in frozen["worker 1"]
    assert f"goes on after `kill -CONT {worker.pid}`" in frozen["worker 1"]
    os.kill(worker.pid, signal.SIGKILL)
    worker.stop(workers.STOP_GRACE_S)
    _produce(here, b"no event", 3)
    left = json.loads(cx("status", "--max-lag", "0", "--format", "json", status=1).stdout)
    assert left["topics"][f"{here.topic_prefix}survey"]["lag"] == 3
    assert left["topics"][f"{here.topic_prefix}survey"]["seconds"] >= 0
    assert {"lag", "workers"} <= {check["name"] for check in left["checks"] if check["verdict"] == "fail"}


@pytest.mark.usefixtures("cx")
def test_the_doctor_knows_who_shares_the_partitions(here: Settings, worker: ServerProcess) -> None:
    """Runbooks ask it right after a restart and right after an end: it said the opposite each time."""
    assert _group()["verdict"] == "ok", "a worker that starts is waited for"
    os.kill(worker.pid, signal.SIGKILL)
    worker.stop(workers.STOP_GRACE_S)
    assert _group()["said"] == f"group {here.group} has no members", "the broker has not noticed yet"


def _group() -> dict[str, str]:
    """Return what the doctor says of the group, whatever else it finds."""
    told = json.loads(CliRunner().invoke(app, ["doctor", "--format", "json"]).stdout)
    (found,) = [each for each in told["checks"] if each["name"] == "group"]
    return dict(found)


def test_a_transaction_that_holds_readers_back_is_named(cx: Cx, here: Settings) -> None:
    """Nobody sees why nothing comes: the records are there, and no reader of what is committed gets them."""
    local.prepare(here)
    stranger = Producer({"bootstrap.servers": here.kafka_bootstrap, "transactional.id": f"{here.topic_prefix}odd"})
    stranger.init_transactions(30)
    stranger.begin_transaction()
    stranger.produce(f"{here.topic_prefix}survey", b"x", b"y", 1)
    assert stranger.flush(10) == 0
    (held,) = json.loads(cx("status", "--format", "json", status=1).stdout)["broker"]["transactions"]
    stranger.abort_transaction(30)
    assert (held["topic"], held["partition"]) == (f"{here.topic_prefix}survey", 1)
    assert held["producer"] == f"{here.topic_prefix}odd"


def test_the_doctor_finds_what_was_changed_by_hand(cx: Cx, here: Settings) -> None:
    """Each drift once: a topic's retention, a column, a view, a stored answer, a migration; and the missing group."""
    local.prepare(here)
    found = _failed(cx("doctor", "--format", "json", status=1))
    assert set(found) == {"group"}, found
    admin, client = wiring.admin(here), wiring.clickhouse(here)
    name = f"{here.topic_prefix}survey"
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"retention.ms": "1000"})])
    admin.close()
    client.execute(f"ALTER TABLE {here.database}_g1.response ADD COLUMN colour String")
    client.execute(f"CREATE OR REPLACE VIEW {here.database}.low_sample AS SELECT 1 AS x")
    client.execute(f"DROP TABLE {here.database}.mrr_bridge_stored SYNC")
    client.execute(
        f"ALTER TABLE {here.database}_g1.schema_versions DELETE WHERE version = 5 SETTINGS mutations_sync = 1"
    )
    client.disconnect()
    found = _failed(cx("doctor", "--format", "json", status=1))
    assert found.pop("topic drift") == f"{name} has retention.ms 1000 instead of -1."
    assert "also has colour" in found.pop("table drift")
    assert "low_sample is not the view of this code" in found.pop("view drift")
    assert "mrr_bridge_stored is not there" in found.pop("stored answers")
    assert "lacks migrations [5]" in found.pop("migrations")
    assert set(found) == {"group"}


def test_the_doctor_finds_rows_that_the_server_cannot_read(cx: Cx, here: Settings) -> None:
    """A part that was damaged on disk fails the queries that touch it, and the others answer without its rows."""
    local.prepare(here)
    client = wiring.clickhouse(here)
    client.execute(f"INSERT INTO {here.database}_g1.response (response_id) VALUES ('r1')")
    query = "SELECT path FROM system.parts WHERE active AND database = %(d)s AND table = 'response'"
    ((folder,),) = client.execute(query, {"d": f"{here.database}_g1"})
    client.disconnect()
    data = Path(folder) / "data.bin"
    if not data.exists():
        pytest.skip("the server's files are not on this machine")
    assert "stored rows" not in _failed(cx("doctor", "--format", "json", status=1))
    data.write_bytes(data.read_bytes()[:-8])
    assert "in response" in _failed(cx("doctor", "--format", "json", status=1))["stored rows"]


@pytest.mark.parametrize("command", ["status", "doctor"])
def test_servers_that_are_down_are_named(cx: Cx, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    """That is when these commands are needed most."""
    kafka, clickhouse = pick_free_ports(2)
    monkeypatch.setenv("CX_KAFKA_BOOTSTRAP", f"127.0.0.1:{kafka}")
    monkeypatch.setenv("CX_CLICKHOUSE_PORT", str(clickhouse))
    found = _failed(cx(command, "--format", "json", status=1))
    assert {"kafka", "clickhouse"} <= set(found)
    assert str(kafka) in found["kafka"]
    assert "Traceback" not in cx(command, status=1).output


@pytest.mark.parametrize("url", ["file:///etc/passwd", "127.0.0.1:6066", "'; DROP TABLE response; --", ""])
def test_what_is_no_address_of_a_worker_is_refused(cx: Cx, url: str) -> None:
    """An address goes to an HTTP client that would open files too."""
    refused = cx("status", "--worker", url, status=1)
    assert "is no address of a worker" in refused.stderr
