"""G10 on real servers: a replay is repeatable, resumable and apart from live traffic."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from infra import local, wiring, workers
from infra.replaying import running
from infra.settings import Settings
from infra.standing import settle
from sinks import generations, replays
from sinks.compare import Difference
from streams.replay.crash import POINTS
from streams.replay.errors import ReplayStoppedError
from streams.replay.plan import Kind, seal
from tests.infra.replaying.conftest import Cx, Log

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_boundary_it_ends_in_the_tables_of_a_calm_run(
    log: Log, crashing: Callable[[str], tuple[str, ...]], point: str
) -> None:
    """Real processes, real RocksDB, a real end at each named point, then to the end with another number of them."""
    log.send(1_500)
    plan = log.plan()
    calm, again = log.run(plan, processes=2), log.again(plan, 2)
    with pytest.raises(ReplayStoppedError, match="ended with status 86"):
        log.run(again, processes=2, program=crashing(f"{point}:{2 if 'insert' in point else 1}"))
    assert log.equal(calm, log.run(again, processes=1))


def _child(*arguments: str, log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "infra.cli", "replay", "run", *arguments]
    with log.open("ab") as file:
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)


def _records(settings: Settings) -> int:
    with wiring.clickhouse(settings) as client:
        return max((each.records for each in replays.listed(client, wiring.warehouse(settings))), default=0)


def _under_way(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    """Wait until a replay has told of its first records."""
    deadline = time.monotonic() + 200
    while not _records(settings):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_beside_live_traffic_and_killed_it_becomes_equal_to_live(
    log: Log, here: Settings, cx: Cx, tmp_path: Path
) -> None:
    """The whole life of a rebuild: planned, begun, kill -9, gone on with while events arrive, caught up, equal."""
    log.send(3_000)
    worker = workers.start(here, 1, detach=False)
    try:
        settle(here, lambda: None)
        cx("replay", "plan")
        process = _child("plan.json", "--yes", "--rate", "60", log=tmp_path / "run.log")
        _under_way(here, process)
        parts = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        psutil.wait_procs(parts, 30)
        assert not [part for part in parts if part.is_running()], "processes outlive the run that started them"
        log.send(1_000)
        told = json.loads(cx("replay", "run", "plan.json", "--yes", "--format", "json").stdout)
        assert told["did"] is True
        log.send(500)
        settle(here, lambda: None)
    finally:
        worker.stop(workers.STOP_GRACE_S)
    generation = told["generation"]
    assert running.catch_up(here, generation, processes=2) >= 500
    assert running.catch_up(here, generation) == 0
    with wiring.clickhouse(here) as client:
        current = generations.current(client, wiring.warehouse(here))
    assert current is not None
    assert log.equal(current, generation)
    repeated = json.loads(cx("replay", "run", "plan.json", "--yes", "--format", "json").stdout)
    assert (repeated["generation"], repeated["did"]) == (generation, False)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_says_how_to_go_on(log: Log, here: Settings, cx: Cx, tmp_path: Path, asked: int) -> None:
    """Ctrl-C at night is a sentence, exit status 1 and nothing left running; the next run begins where it stopped."""
    log.send(2_000)
    cx("replay", "plan")
    process = _child("plan.json", "--yes", "--rate", "50", log=tmp_path / "run.log")
    _under_way(here, process)
    os.kill(process.pid, asked)
    assert process.wait(60) == 1
    said = (tmp_path / "run.log").read_text()
    assert "cx: stopped, and what was done is kept: `cx replay run plan.json --yes` goes on from there" in said
    assert "Traceback" not in said
    foretold = json.loads(cx("replay", "run", "plan.json", "--format", "json").stdout)
    assert (foretold["resumed"], foretold["filled"]) == (True, False)
    cx("replay", "run", "plan.json", "--yes")
    with wiring.clickhouse(here) as client:
        outcomes = [each.outcome for each in replays.audited(client, wiring.warehouse(here), action="run")]
    assert outcomes == ["done", "begun", "failed", "begun"]


def test_two_operators_at_once_do_not_fill_the_same(log: Log, here: Settings, cx: Cx, tmp_path: Path) -> None:
    """At night two people start the same repair: the second is told who was first, and nothing is begun."""
    log.send(2_000)
    cx("replay", "plan")
    (tmp_path / "other.json").write_bytes(seal(log.again(log.plan(), 2)))
    process = _child("plan.json", "--yes", "--rate", "40", log=tmp_path / "run.log")
    try:
        _under_way(here, process)
        same = cx("replay", "run", "plan.json", "--yes", status=1)
        assert re.fullmatch(r"cx: \w+_g2 is being filled by this very plan \(.+\): wait for it\n", same.stderr)
        other = cx("replay", "run", "other.json", "--yes", status=1)
        assert re.fullmatch(r"cx: `cx replay run \w+` is under way \(.+\): wait until it has ended\n", other.stderr)
        with wiring.clickhouse(here) as client:
            assert len(generations.names(client, wiring.warehouse(here))) == 2
    finally:
        process.terminate()
        process.wait(60)


def test_what_was_erased_is_not_read_again(log: Log, here: Settings, cx: Cx) -> None:
    """Neither by a plan that was made before, nor by a new one; accounts without an erased subject may be repaired."""
    log.send(2_000)
    cx("replay", "plan")
    with wiring.clickhouse(here) as client:
        meta = wiring.warehouse(here).meta
        client.execute(f"INSERT INTO {meta}.erased_subject (account_id, contact_id) VALUES", [("demo-fern", "c'1")])
    assert "subjects of 'demo-fern' were erased" in cx("replay", "run", "plan.json", "--yes", status=1).stderr
    for arguments in ([], ["--account", "demo-fern"], ["--topic", "survey"]):
        assert "erased subjects of 'demo-fern'" in cx("replay", "plan", *arguments, status=1).stderr
    cx("replay", "plan", "--account", "demo-iris")


def test_a_log_without_its_beginning_is_not_replayed(log: Log, here: Settings, cx: Cx) -> None:
    """Retention was set wrongly for a day: tables made from the rest would look complete and be wrong."""
    log.send(1_000)
    cx("replay", "plan")
    cut = TopicPartition(f"{here.topic_prefix}survey", 0, 5)
    admin = AdminClient({"bootstrap.servers": here.kafka_bootstrap})
    admin.delete_records([cut])[cut].result(30)
    for command in (["plan"], ["plan", "--account", "demo-fern"], ["run", "plan.json", "--yes"]):
        refused = cx("replay", *command, status=1).stderr
        assert "survey-0 begins at offset 5: retention has cut its first events" in refused
    asked = ["--topic", "survey", "--partition", "0", "--from", "2"]
    assert "retention has cut" in cx("replay", "plan", *asked, status=1).stderr


def test_a_process_that_dies_is_named_and_the_rest_stops(log: Log, crashing: Callable[[str], tuple[str, ...]]) -> None:
    """A replay that went on without one of its partitions would look complete."""
    log.send(1_500)
    plan = log.plan()
    with pytest.raises(ReplayStoppedError, match=r"ended with status 86: it logged nothing$") as stopped:
        log.run(plan, processes=2, program=crashing("before_insert:1"))
    # Both processes come to their first insert: which is first is not ours to say.
    said = re.match(r"the process that read (\S+) ended", str(stopped.value))
    assert said is not None
    assert said[1] in {f"{each.topic}-{each.partition}" for each in plan.stretches}
    assert not [each for each in psutil.Process().children() if any("crashing.py" in word for word in each.cmdline())]


def test_a_repair_holds_its_accounts_and_nothing_else(log: Log, here: Settings) -> None:
    """Merged into what is served, one row of another account would be one row too old."""
    log.send(4_000)
    everything = log.run(log.plan())
    sparse = log.run(log.plan(accounts=("demo-fern", "demo-iris")))
    differences = {each.table: each for each in log.compare(everything, sparse)}
    assert all(each.extra == each.changed == 0 for each in differences.values())
    with wiring.clickhouse(here) as client:
        query = f"SELECT account_id, count() FROM {{}}.response FINAL WHERE {_MINE} GROUP BY ALL ORDER BY ALL"
        assert client.execute(query.format(sparse)) == client.execute(query.format(everything)) != []
        assert client.execute(f"SELECT count() FROM {sparse}.response WHERE NOT {_MINE}") == [(0,)]
        assert client.execute(f"SELECT count() FROM {sparse}.dead_letter") == [(0,)]


_MINE = "account_id IN ('demo-fern', 'demo-iris')"


def test_what_if_changes_what_the_policy_decides_and_nothing_else(log: Log) -> None:
    """The answer to "what would a target of one hour have meant" must not be mixed with anything else."""
    log.send(4_000)
    asis = log.run(log.plan())
    other = log.run(log.plan(policies=("followup_target_seconds=3600@default",)))
    assert _changed(log.compare(asis, other)) == {"followup_case"}
    same = log.run(log.plan(policies=("followup_target_seconds=172800",)))
    assert log.equal(asis, same)


def _changed(found: list[Difference]) -> set[str]:
    return {each.table for each in found if not each.equal}


def test_another_version_of_the_code_is_run_by_its_own_interpreter(log: Log, tmp_path: Path) -> None:
    """A fix is compared before it is deployed: the other code decides the rows, whatever is installed here."""
    log.send(1_500)
    other = _other_version(tmp_path)
    asis = log.run(log.plan())
    plan = log.plan(python=str(other))
    assert plan.kind is Kind.WHAT_IF
    assert plan.code != log.plan().code
    assert _changed(log.compare(asis, log.run(plan, processes=2, python=str(other)))) == {"response"}


@pytest.mark.intrusion("S7")
def test_a_plan_of_somebody_else_s_runs_nothing_of_theirs(log: Log, cx: Cx, tmp_path: Path) -> None:
    """A plan is a file with a public hash: whoever can write it must not have their program run as the operator."""
    log.send(200)
    marker, theirs = tmp_path / "ran", tmp_path / "theirs"
    theirs.write_text(f"#!/bin/sh\nenv > {marker}\n")
    theirs.chmod(0o755)
    file = tmp_path / "plan.json"
    file.write_bytes(seal(msgspec.structs.replace(log.plan(), python=str(theirs), kind=Kind.WHAT_IF)))
    assert str(theirs) in cx("replay", "run", str(file)).stdout
    for said in ((), ("--python", "/usr/bin/python3"), ("--python", "")):
        assert "run with your rights" in cx("replay", "run", str(file), *said, "--yes", status=1).stderr
    assert not marker.exists()


def _other_version(folder: Path) -> Path:
    """An interpreter whose code writes another channel into every response."""
    root = Path(local.__file__).parents[1]
    for package in ("schemas", "streams", "sinks", "infra"):
        subprocess.run(["cp", "-r", str(root / package), str(folder / package)], check=True)
    rows = folder / "streams" / "core" / "survey" / "response_rows.py"
    text = rows.read_text()
    assert text.count(_CHANNEL) == 1
    rows.write_text(text.replace(_CHANNEL, '"other"'))
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return python


_CHANNEL = 'said.channel or ""'


def test_a_plan_holds_only_where_and_while_it_was_made(log: Log, here: Settings, cx: Cx, tmp_path: Path) -> None:
    """Each refusal is one sentence and exit status 1, and nothing is made."""
    log.send(1_000)
    cx("replay", "plan")
    plan = log.plan()
    text = (tmp_path / "plan.json").read_text()
    wrong: dict[str, Any] = {
        "was changed after it was planned": text.replace('"partition": 1', '"partition": 2'),
        "is no plan": "{}",
        "the plan is for database other": _resealed(plan, database="other"),
        "the plan was made on another Kafka cluster": _resealed(plan, cluster="other"),
        "was deleted and made anew": _resealed(plan, topics=dict.fromkeys(plan.deployment.topics, "other")),
        "the code has changed since the plan was made": seal(_replaced(plan, code="other")).decode(),
    }
    for sentence, content in wrong.items():
        (tmp_path / "wrong.json").write_text(content)
        refused = cx("replay", "run", "wrong.json", "--yes", status=1)
        assert sentence in refused.stderr
        assert refused.stderr.count("\n") == 1
    assert "nothing.json" in cx("replay", "run", "nothing.json", status=1).stderr
    with wiring.clickhouse(here) as client:
        assert len(generations.names(client, wiring.warehouse(here))) == 1
        assert replays.listed(client, wiring.warehouse(here)) == []


def _replaced(plan: Any, **fields: Any) -> Any:
    return type(plan)(**{name: getattr(plan, name) for name in plan.__struct_fields__} | fields)


def _resealed(plan: Any, **fields: Any) -> str:
    return seal(_replaced(plan, deployment=_replaced(plan.deployment, **fields))).decode()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--account", "nobody"], "no event speaks of 'nobody'"),
        (["--account", "x'; DROP TABLE response; --"], "no event speaks of"),
        (["--topic", "surveys"], "'surveys' is no topic of events"),
        (["--topic", "survey", "--partition", "0", "--to", "99999"], "--to 99999 lies beyond the end"),
        (["--from", "2025-01-01T00:00:00Z", "--to", "2024-01-01T00:00:00Z"], "comes after --to"),
        (["--from", "2999-01-01T00:00:00Z"], "lies in the future"),
        (["--from", "noon"], "neither an offset nor an ISO 8601 time"),
        (["--to", "2020-01-01T00:00:00Z"], "no event lies in that range"),
        (["--policy", "followup_target_seconds=3600@7"], "has no version '7': there are default"),
        (["--policy", "followup=3600"], "there is no policy 'followup'"),
        (["--policy", "followup_target_seconds=soon"], "'soon' is no whole number of seconds above 0"),
        (["--python", "/nowhere/python"], "--python /nowhere/python cannot be run"),
        (["--kind", "repair"], "a repair needs to know what"),
        (["--kind", "what-if"], "a what-if needs something to be otherwise"),
        (["--kind", "rebuild", "--account", "demo-fern"], "a rebuild reads everything"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(planned: tuple[Cx, Path], arguments: list[str], sentence: str) -> None:
    """Nothing is written, not even half a plan."""
    cx, folder = planned
    refused = cx("replay", "plan", *arguments, status=1)
    said = [line for line in refused.stderr.splitlines() if line.startswith("cx: ")]
    assert len(said) == 1
    assert sentence in said[0]
    assert "Traceback" not in refused.stderr
    assert not (folder / "plan.json").exists()


@pytest.fixture
def planned(log: Log, cx: Cx, tmp_path: Path) -> tuple[Cx, Path]:
    log.send(200)
    return cx, tmp_path
