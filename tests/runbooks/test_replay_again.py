"""G10: a range is replayed once, twice, killed midway, beside live traffic, after deletes, and the wrong one.

Whatever was done, the tables come to what a rebuild of everything by an undisturbed process comes to.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.stack import Stack
from infra.stillness import require_nobody
from tests.runbooks.content import content
from tests.runbooks.deployment import Bench, bench
from tests.runbooks.house import response, yesterday
from tests.runbooks.shell import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(500)]

_RANGE = ("--topic", "survey", "--partition", "1")


def _answers(numbers: range) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every fifth takes the place of an earlier one, so that order and duplicates matter."""
    for number in numbers:
        fields = response(number, f"account-{number % 20}", yesterday(9, number % 60), nps=number % 11, csat=3.6)
        if number % 5 == 0:
            earlier = max(number - 20, 1)
            fields |= {"response_id": f"r{earlier}", "account_id": f"account-{earlier % 20}"}
        yield "response_submitted", fields


def _run(deployed: Bench, plan: str) -> str:
    ran = deployed.shell.cx("replay", "run", plan, "--yes", "--format", "json")
    generation: str = json.loads(ran.out)["generation"]
    return generation


def _killed(deployed: Bench, plan: str) -> None:
    """SIGKILL a slow run once it has stored rows."""
    rows = "SELECT sum(total_rows) FROM system.tables WHERE startsWith(database, '{cx}_g') AND name = 'answer'"
    before = deployed.ask(rows)
    process = deployed.shell.start(f"cx replay run {plan} --yes --rate 300 --processes 1")
    while process.poll() is None and deployed.ask(rows) == before:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_a_range_comes_to_the_same_however_it_is_replayed(stack: Stack, tmp_path: Path) -> None:
    """An operator who is not sure whether a replay ran, or ran whole, must be free to run it again."""
    with bench(stack, tmp_path) as deployed:
        deployed.roll(1, ROOT)
        deployed.send(_answers(range(1, 800)))
        deployed.settle()
        cx = deployed.shell.cx
        cx("replay", "plan", *_RANGE, "--out", "once.json")
        once = _run(deployed, "once.json")
        assert _run(deployed, "once.json") == once

        cx("replay", "plan", *_RANGE, "--out", "killed.json")
        live = threading.Thread(target=lambda: deployed.send(_answers(range(800, 1200))))
        live.start()
        _killed(deployed, "killed.json")
        killed = _run(deployed, "killed.json")
        live.join()
        deployed.settle()
        cx("replay", "plan", *_RANGE, "--out", "twice.json")
        twice = _run(deployed, "twice.json")

        cx("replay", "plan", "--out", "clean.json")
        clean = _run(deployed, "clean.json")
        assert deployed.content() == deployed.content(clean), (
            "replays beside live traffic change nothing that is served"
        )
        assert _of_range(deployed, twice) == _of_range(deployed, clean, twice)

        _damage(deployed, deployed.told.database + "_g1", killed)
        deployed.product.stop()
        require_nobody(deployed.told, 30.0)  # a named worker stays a member until its session has passed
        cx("replay", "promote", killed, "--yes", "--accept-differences")
        assert deployed.content() == deployed.content(clean), "what was killed midway was caught up, and healed deletes"

        cx("replay", "plan", "--topic", "survey", "--partition", "2", "--out", "wrong.json")
        wrong = _run(deployed, "wrong.json")
        found = json.loads(cx("replay", "diff", wrong, "--format", "json").out)
        assert found["equal"]
        cx("replay", "promote", wrong, "--yes")
        assert deployed.content() == deployed.content(clean), "the wrong range does no harm"


def _of_range(deployed: Bench, generation: str, accounts_of: str = "") -> Any:
    """Return the content of a generation for the accounts that another one (or itself) holds."""
    where = f"account_id IN (SELECT account_id FROM {accounts_of or generation}.response)"
    return content(deployed.ask, deployed.told.database, generation, where=where)


def _damage(deployed: Bench, served: str, within: str) -> None:
    """Take rows of one of a generation's accounts away from what is served, by both ways that ClickHouse has."""
    ((account,),) = deployed.ask(f"SELECT min(account_id) FROM {within}.response")
    deployed.order(f"ALTER TABLE {served}.response DELETE WHERE account_id = '{account}' SETTINGS mutations_sync = 2")
    deployed.order(f"DELETE FROM {served}.answer WHERE account_id = '{account}'")
