"""G10: everything is computed again beside live traffic, ended, gone on with, repeated and served: nobody notices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil

from infra import deployment
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial

WORKERS = 2
_SECONDS = 240.0
_FAREWELL = 30.0
_AFTER = 400
"""Events that come once the generation is served."""


class Operator:
    """Somebody who types `cx replay ...` on a machine of their own."""

    def __init__(self, under: Deployed) -> None:
        self._environment = deployment.surroundings(os.environ) | deployment.environment(under.product.told)
        self._home = under.product.told.data_dir
        self.plan = self._home / "plan.json"

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command whose words go to a log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(self._command(arguments), env=self._environment, stdout=log, stderr=log)

    def do(self, *arguments: str) -> dict[str, Any]:
        """Carry a command out and return what it says as JSON; AssertionError where it does not end well."""
        command = [*self._command(arguments), "--format", "json"]
        ended = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert ended.returncode == 0, f"cx replay {' '.join(arguments)}: {ended.stdout}{ended.stderr}"
        found: dict[str, Any] = json.loads(ended.stdout)
        return found

    @property
    def log(self) -> Path:
        return self._home / "operator.log"

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "infra.cli", "replay", *arguments]


def _ended(under: Deployed, operator: Operator, rate: float, seconds: float, how: signal.Signals) -> None:
    """Let a replay run for a while and end it; its processes may not outlive it."""
    process = operator.begin("run", str(operator.plan), "--yes", "--rate", str(rate))
    time.sleep(seconds)
    parts = psutil.Process(process.pid).children(recursive=True)
    assert process.poll() is None, f"the replay was over before it was ended\n{operator.log.read_text()}"
    process.send_signal(how)
    process.wait(_FAREWELL)
    under.note(f"{how.name} of a replay")
    _, left = psutil.wait_procs(parts, _FAREWELL)
    assert not left, f"{len(left)} processes outlive the replay that started them"


def replays(trial: Trial) -> None:
    """`scale` is the longest time in seconds that a replay has before it is ended; the shortest is half of it.

    SIGTERM takes turns with SIGKILL: it makes a replay keep what it has, so that the next run goes on amid partitions.
    """
    volume = trial.volume
    half, longest = volume.events // 2, volume.scale
    with trial.deploy() as under:
        operator = Operator(under)
        under.start(WORKERS, named=False)  # with a name, the group counts them in for a while after their end
        under.feeder.feed(under.mix.pieces(half))
        under.drain(120)
        operator.do("plan", "--out", str(operator.plan))
        seconds = volume.faults * longest
        under.feeder.start(under.mix.pieces(half), per_second=half / seconds)
        for how in islice(cycle((signal.SIGTERM, signal.SIGKILL)), volume.faults):
            _ended(under, operator, half / seconds, trial.chance.uniform(0.5, 1.0) * longest, how)
        generation = operator.do("run", str(operator.plan), "--yes")["generation"]
        again = operator.do("run", str(operator.plan), "--yes")
        assert (again["generation"], again["did"]) == (generation, False), again
        under.note("the same plan once more")
        under.feeder.join()
        under.drain(120)
        under.product.stop()
        operator.do("promote", generation, "--yes", "--if-equal")
        under.start(WORKERS, named=False)
        under.feeder.feed(under.mix.pieces(_AFTER))
        under.drain(120)
        under.judge()


SCENARIOS = (
    Scenario(
        name="G10",
        promise="a replay changes nothing that is served, ends in the same rows, and can be served itself",
        fault="everything computed again beside live traffic: stopped, killed, gone on with, repeated, promoted",
        volumes={
            "short": Volume(1, 3, 4_000, 6.0),
            "medium": Volume(2, 6, 15_000, 10.0),
            "release": Volume(10, 20, 200_000, 15.0),
        },
        act=replays,
    ),
)
