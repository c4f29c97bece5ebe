"""Promotion and the way back with real workers and events that keep coming, cut short at every step by a real death."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra import deployment, local, wiring, workers
from infra.deployment import Record, environment
from infra.promoting import CRASH, POINTS
from infra.sending import Sender
from infra.settings import Settings
from infra.standing import settle
from infra.stillness import members
from sinks import replays
from streams.live.engine.crash_points import EXIT_STATUS

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
Responses = dict[tuple[str, str], float]


class Operator:
    """Someone at a terminal, a detached worker beside them, and a tally of every event that was ever sent."""

    def __init__(self, told: Settings) -> None:
        self.told = told
        self.here = deployment.locate(told)
        self.truth: Responses = {}

    def cx(self, *arguments: str, crash: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
        """Run `cx replay`; it must end with the status, or by the crash that was asked for."""
        done = subprocess.run(
            [sys.executable, "-m", "infra.cli", "replay", *arguments],
            env={**os.environ, **environment(self.told), CRASH: crash},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == (EXIT_STATUS if crash else status), done.stdout + done.stderr
        return done

    def asked(self, *arguments: str) -> Any:
        return json.loads(self.cx(*arguments, "--format", "json").stdout)

    def answers(self, **scores: float) -> None:
        """Send an answer of account a and one of account b for each name, and wait until the worker has them."""
        self.send({(account, name): score for name, score in scores.items() for account in "ab"})

    def send(self, scores: Responses) -> None:
        with Sender(self.here) as sender:
            for (account, response), score in scores.items():
                known = (account, response) in self.truth
                answer = {"question_id": "q", "kind": "NPS", "number": score}
                common = {
                    "event_id": str(uuid.uuid4()),
                    "source": "app:main",
                    "account_id": account,
                    "response_id": response,
                    "occurred_at": wiring.clock() - 1_000_000,
                    "answers": [answer],
                }
                if known:
                    sender.event("response_corrected", {**common, "reason": "asked to"})
                else:
                    told = {"survey_id": "s", "survey_version": 1, "submitted_at": common["occurred_at"]}
                    sender.event("response_submitted", {**common, **told})
        self.truth |= scores
        settle(self.here, lambda: None)

    def shown(self) -> Responses:
        """What a BI tool sees."""
        client = wiring.clickhouse(self.here)
        rows = client.execute(f"SELECT account_id, response_id, nps FROM {self.here.database}.response")
        client.disconnect()
        return {(account, response): nps for account, response, nps in rows}

    def spoil(self) -> Responses:
        """Shift every score that is served now, as a bug in a reducer would have; return what is wrong then."""
        served = self.served()
        client = wiring.clickhouse(self.here)
        client.execute(f"ALTER TABLE {served}.response UPDATE nps = nps + 0.5 WHERE 1 SETTINGS mutations_sync = 2")
        client.disconnect()
        return {key: score + 0.5 for key, score in self.truth.items()}

    def served(self) -> str:
        (name,) = [row["generation"] for row in self.asked("list") if row["state"] == "served"]
        return str(name)

    def audit(self) -> list[tuple[str, str]]:
        client = wiring.clickhouse(self.here)
        rows = replays.audited(client, wiring.warehouse(self.here))
        client.disconnect()
        return [(row.action, row.outcome) for row in reversed(rows)]


@pytest.fixture
def operator(here: Settings) -> Iterator[Operator]:
    """A data directory whose servers are the shared ones, with topics, tables and one worker that nobody watches."""
    told = msgspec.structs.replace(here, stack="auto")
    told.data_dir.mkdir(parents=True)
    record = Record(
        kind="docker",
        bootstrap=here.kafka_bootstrap,
        host=here.clickhouse_host,
        port=here.clickhouse_port,
        http_port=here.clickhouse_http_port,
        detached=True,
    )
    (told.data_dir / "stack.json").write_bytes(msgspec.json.encode(record))
    made = Operator(told)
    local.prepare(made.here)
    # Started by a process that ends at once, as `cx up --detach` does: nobody else would collect the worker's end.
    code = (
        "import os; from infra import settings, workers;"
        " workers.start(settings.from_environment(os.environ), 1, detach=True)"
    )
    env = {**os.environ, **environment(made.here)}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=120)
    yield made
    workers.stop(workers.running(told))


def _plan(operator: Operator, tmp_path: Path, *options: str) -> str:
    """Plan and run; return the generation's name."""
    file = str(tmp_path / f"plan{len(list(tmp_path.iterdir()))}.json")
    operator.cx("plan", "--out", file, "--processes", "1", *options)
    return str(operator.asked("run", file, "--yes", "--processes", "1")["generation"])


@pytest.mark.long
def test_a_rebuild_is_promoted_and_taken_back_whatever_dies(operator: Operator, tmp_path: Path) -> None:
    """A planted bug is found, rebuilt away, and taken back; every event that came meanwhile is counted either way."""
    operator.answers(one=9, two=3)
    wrong = operator.spoil()
    first, name = operator.served(), _plan(operator, tmp_path)
    found = operator.asked("diff")
    (table,) = [each for each in found["tables"] if each["changed"]]
    assert (table["table"], table["changed"], table["columns"]) == ("response", 4, {"nps": 4})
    assert table["examples"][0]["changes"] == [{"column": "nps", "a": 9.5, "b": 9.0}]
    operator.answers(three=10)  # after the run, before the promotion
    for point in ("after_pause", "after_catch_up", "before_line"):
        operator.cx("promote", name, "--yes", crash=f"{point}:1")
        assert operator.shown() == {**operator.truth, **wrong}
    operator.cx("promote", name, "--yes", crash="after_line:1")
    operator.cx("promote", name, "--yes")
    assert operator.shown() == operator.truth
    assert operator.served() == name
    operator.answers(four=1, two=8)  # while the new tables are served, a correction among them
    assert operator.shown() == operator.truth
    for point in ("after_pause:1", "after_catch_up:1", "before_line:1", "between_views:5"):
        operator.cx("back", "--yes", crash=point)
    assert operator.asked("back", "--yes")["done"]
    assert operator.served() == first
    kept = {key: score for key, score in wrong.items() if key[1] == "one"}
    assert operator.shown() == {**operator.truth, **kept}
    operator.answers(five=7)
    assert operator.shown() == {**operator.truth, **kept}
    ends = [row for row in operator.audit() if row[1] != "begun"]
    assert ends == [("run", "done"), ("diff", "done"), ("promote", "done"), ("back", "done")]


def test_a_repair_touches_its_account_only_whatever_dies(operator: Operator, tmp_path: Path) -> None:
    """The rows of one customer are put right, the rest is left as it is, and all of it goes back again."""
    operator.answers(one=9, two=3)
    wrong = operator.spoil()
    first, name = operator.served(), _plan(operator, tmp_path, "--account", "a")
    found = operator.asked("diff", name)
    assert [(each["table"], each["changed"]) for each in found["tables"] if each["changed"]] == [("response", 2)]
    operator.answers(three=10)
    for point in ("mid_clone:3", "before_line:1"):
        operator.cx("promote", name, "--yes", crash=point)
        assert operator.shown() == {**operator.truth, **wrong}
    operator.cx("promote", name, "--yes", crash="before_start:1")
    operator.cx("promote", name, "--yes")
    of_b = {key: score for key, score in wrong.items() if key[0] == "b"}
    assert operator.shown() == {**operator.truth, **of_b}
    operator.answers(four=1)
    assert operator.shown() == {**operator.truth, **of_b}
    assert len({row["generation"] for row in operator.asked("list")}) == 3  # nothing of the failed attempts is left
    operator.cx("back", "--yes")
    assert operator.served() == first
    assert operator.shown() == {**operator.truth, **wrong}
    # A repair can be made again, from what is served now; what is served is a copy with it, and not the repair itself.
    done = operator.cx("promote", name, "--yes", "--accept-differences").stdout
    assert f"{operator.served()} is served now: {first} with the rows of 1 account out of {name}" in done
    assert operator.shown() == {**operator.truth, **of_b}


def test_the_crash_points_of_these_tests_are_all_there_are() -> None:
    """A new step without a death at its edge would be unproven."""
    upgrade = Path(__file__).parents[1] / "runbooks" / "test_upgrade.py"
    text = Path(__file__).read_text("utf-8") + upgrade.read_text("utf-8")
    assert [point for point in POINTS if f'"{point}' not in text] == []


def test_a_worker_that_runs_elsewhere_stops_a_promotion(operator: Operator, tmp_path: Path) -> None:
    """It would go on writing to the former tables, and its rows would be missing from the new ones."""
    operator.answers(one=9)
    name = _plan(operator, tmp_path)
    operator.cx("diff", name)
    elsewhere = msgspec.structs.replace(operator.told, data_dir=tmp_path / "elsewhere")
    stranger = workers.start(
        msgspec.structs.replace(operator.here, data_dir=elsewhere.data_dir, web_port=0), 1, detach=False
    )
    try:
        while len(members(operator.here)) < 2:
            assert stranger.alive()
        refused = operator.cx("promote", name, "--yes", status=1)
        assert "1 workers run elsewhere" in refused.stderr
    finally:
        stranger.stop(workers.STOP_GRACE_S)
    assert [worker.name for worker in workers.running(operator.told)] == ["worker 1"]
    assert operator.audit()[-1] == ("promote", "refused")
    assert operator.served() != name
