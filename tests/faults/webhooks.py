"""G17: what takes webhooks in, what translates them, and the broker are killed in turn while deliveries keep coming."""

from __future__ import annotations

import http.client
import json
import secrets
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from infra import deployment
from infra.embedded.checks import pick_free_ports
from infra.settings import Settings
from tests.faults.fleet import Fleet
from tests.faults.outages import KILLED, own_broker, recover, watch
from tests.faults.recount import query
from tests.faults.scenario import Scenario, Volume
from tests.faults.trial import Deployed, Trial

RECEIVER, TRANSLATOR = "receiver SIGKILL", "translator SIGKILL"
SOURCE: Final = "cloudevents:g17"
_SENDERS: Final = 4
_DEAD_S: Final = 1.0
"""For so long what was killed stays away."""
_PATIENCE_S: Final = 180.0
_AGAIN_S: Final = 0.2
_SOURCES: Final = """\
cloudevents:
  g17: {secrets: [file:token], body_keys: [file:body.key], rate: 100000}
"""


class Part(Fleet):
    """One process of the intake, `cx` with these arguments."""

    def __init__(self, told: Settings, *arguments: str) -> None:
        super().__init__(told.data_dir / arguments[0])
        self._told, self._arguments = told, arguments

    def program(self, home: Path, name: str) -> tuple[list[str], dict[str, str]]:  # noqa: ARG002 - both have names
        told = msgspec.structs.replace(deployment.as_writer(self._told), data_dir=home)
        return [sys.executable, "-m", "infra.cli", *self._arguments], deployment.environment(told)


class Senders:
    """Sends numbered deliveries as vendors do: what is not answered 2xx comes again. `sent` of them by all together."""

    def __init__(self, port: int, token: str, total: int, per_second: float) -> None:
        self._port, self._token, self._total, self._pause = port, token, total, _SENDERS / per_second
        self._numbers = count()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_SENDERS)]
        self._times: dict[int, str] = {}
        self.accepted: list[int] = []
        self.repeated = 0

    def start(self) -> None:
        for each in self._threads:
            each.start()

    def join(self, seconds: float) -> None:
        """Wait until all were accepted; raises AssertionError where they are not in time."""
        deadline = time.monotonic() + seconds
        for each in self._threads:
            each.join(max(0.0, deadline - time.monotonic()))
        left = self._total - len(self.accepted)
        assert left == 0, f"{left} deliveries were never accepted"

    def _work(self) -> None:
        while (number := next(self._numbers)) < self._total:
            while not self._deliver(number):
                self.repeated += 1
                time.sleep(_AGAIN_S)
            self.accepted.append(number)
            time.sleep(self._pause)

    def _deliver(self, number: int) -> bool:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        told = {
            "specversion": "1.0",
            "id": f"d-{number}",
            "source": "/g17",
            "type": "response_submitted",
            "subject": f"hooked-{number % 40}",
            "time": self._times.setdefault(number, now),
            "data": {
                "response_id": f"hook-{number}",
                "survey_id": "hooked",
                "survey_version": 1,
                "submitted_at": self._times[number],
                "answers": [{"question_id": "q", "kind": "NPS", "number": number % 11}],
            },
        }
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/cloudevents+json"}
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            link.request("POST", "/hooks/cloudevents/g17", json.dumps(told), headers)
            return 200 <= link.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()


@contextmanager
def intake(under: Deployed, port: int) -> Iterator[dict[str, Part]]:
    """Run a receiver and a translator for the length of a block."""
    told = under.product.told
    parts = {RECEIVER: Part(told, "receive", "--port", str(port)), TRANSLATOR: Part(told, "translate")}
    with ExitStack() as entered:
        for part in parts.values():
            entered.callback(part.stop)
            part.start()
        yield parts


def described(trial: Trial) -> tuple[str, str]:
    """Write a sources file of one instance; return its path and the token that opens it."""
    folder, token = trial.directory / "sources", secrets.token_urlsafe(24)
    folder.mkdir(parents=True)
    (folder / "token").write_text(token)
    (folder / "body.key").write_text(b64encode(secrets.token_bytes(32)).decode())
    (folder / "sources.yaml").write_text(_SOURCES)
    return str(folder / "sources.yaml"), token


def webhooks(trial: Trial) -> None:
    """`scale` is the longest pause between two faults in seconds; a third of the events come as webhooks."""
    volume, (port,) = trial.volume, pick_free_ports(1)
    sources, token = described(trial)
    seconds = volume.faults * (volume.scale + 2 * _DEAD_S)
    hooked = volume.events // 3
    with own_broker(trial) as own, trial.deploy(sources=sources) as under, intake(under, port) as parts:
        under.start(1)
        senders = Senders(port, token, hooked, per_second=hooked / seconds)
        senders.start()
        rest = volume.events - hooked
        under.feeder.start(under.mix.pieces(rest), per_second=rest / seconds)
        for number in range(volume.faults):
            recover(under)
            time.sleep(trial.chance.uniform(0.1, 1.0) * volume.scale)
            fault = (RECEIVER, TRANSLATOR, KILLED)[number % 3]
            under.note(fault, measured=fault == KILLED)
            if fault == KILLED:
                own.kill()
                watch(under, _DEAD_S)
                own.start()
            else:
                parts[fault].workers[1].kill()
                watch(under, _DEAD_S)
            for part in parts.values():
                part.revive()
        under.feeder.join()
        senders.join(_PATIENCE_S)
        _await_views(under, parts, hooked)
        under.drain(_PATIENCE_S)
        under.judge()
        trial.outcome.figures |= {"webhooks": hooked, "sent again": senders.repeated}
        _judge(under, senders)


def _await_views(under: Deployed, parts: dict[str, Part], wanted: int) -> None:
    """Wait until as many webhooks are in the views as were accepted; raises AssertionError with what was logged."""
    deadline = time.monotonic() + _PATIENCE_S
    database = under.product.told.database
    asked = f"SELECT uniqExact(response_id) FROM `{database}`.response WHERE source = '{SOURCE}'"
    while int(query(under.product.where, asked)[0][0]) < wanted:
        watch(under, _AGAIN_S)
        for part in parts.values():
            part.revive()
        logs = "\n".join(part.logs() for part in parts.values())
        assert time.monotonic() < deadline, f"webhooks that were accepted are not in the views\n{logs}"


def _judge(under: Deployed, senders: Senders) -> None:
    """Count every webhook that was accepted: once among the events, once among the responses."""
    database, outcome = under.product.told.database, under.trial.outcome
    for asked in (
        f"SELECT response_id, count() FROM `{database}`.response WHERE source = '{SOURCE}' GROUP BY response_id",
        f"SELECT substring(entity, 10), count() FROM `{database}`.event WHERE source = '{SOURCE}' GROUP BY entity",
    ):
        found = {str(name): int(times) for name, times in query(under.product.where, asked)}
        wanted = {f"hook-{number}" for number in senders.accepted}
        outcome.lost += len(wanted - found.keys())
        outcome.duplicated += sum(times > 1 for times in found.values())
        outcome.wrong += len(found.keys() - wanted)


SCENARIOS = (
    Scenario(
        name="G17",
        promise="a webhook that was answered 2xx is in the views, once",
        fault="SIGKILL of `cx receive`, of `cx translate` and of the broker in turn, under load",
        volumes={
            "short": Volume(1, 3, 4_500, 4.0),
            "medium": Volume(2, 9, 15_000, 6.0),
            "release": Volume(10, 30, 150_000, 10.0),
        },
        act=webhooks,
    ),
)
