"""A pipeline on this machine as an operator has it: `cx up --detach --no-demo` on a data directory of its own."""

from __future__ import annotations

import datetime as dt
import functools
import signal
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from infra import deployment, keeper, local, workers
from infra.embedded import clickhouse, kafka, passwords
from infra.embedded.checks import pick_free_ports
from infra.embedded.clickhouse_users import ADMINISTRATOR
from infra.sending import Sender
from infra.settings import Settings
from infra.standing import settle
from tests.runbooks.content import Content, content
from tests.runbooks.shell import ROOT, Shell
from tests.support.clickhouse import ask

_SECOND = 1_000_000


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def response(number: int, account: str, at: int, **answers: float) -> dict[str, Any]:
    """Return the fields of a response; `answers` are numbers by kind of question, `at` is in microseconds."""
    return {
        "event_id": uid(number),
        "account_id": account,
        "occurred_at": at,
        "source": "shop:main",
        "response_id": f"r{number}",
        "survey_id": "s1",
        "survey_version": 1,
        "submitted_at": at,
        "answers": [
            {"question_id": kind.lower(), "kind": kind.upper(), "number": score} for kind, score in answers.items()
        ],
    }


def defined(number: int, account: str, at: int) -> dict[str, Any]:
    """Return the fields of the definition of that survey: satisfaction on 1 to 5, positive from 4."""
    scale = {"kind": "CSAT", "scale_min": 1.0, "scale_max": 5.0, "positive_from": 4.0}
    return {
        "event_id": uid(number),
        "account_id": account,
        "occurred_at": at,
        "source": "shop:main",
        "survey_id": "s1",
        "version": 1,
        "relationship": "TRANSACTIONAL",
        "questions": [{"question_id": "nps", "kind": "NPS"}, {"question_id": "csat", **scale}],
    }


class House:
    """The pipeline of one folder. `shell` is the operator's terminal."""

    def __init__(self, folder: Path, tree: Path = ROOT, **settings: str) -> None:
        kafka_port, native, http, web = pick_free_ports(4)
        self.data = folder / "cx"
        self._http = http
        self.shell = Shell(
            folder / "desk",
            {
                "CX_STACK": "embedded",
                "CX_DATA_DIR": str(self.data),
                "CX_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka_port}",
                "CX_CLICKHOUSE_PORT": str(native),
                "CX_CLICKHOUSE_HTTP_PORT": str(http),
                "CX_WEB_PORT": str(web),
                **settings,
            },
            tree,
        )
        self._sent = 0

    @property
    def told(self) -> Settings:
        return Settings(data_dir=self.data)

    @property
    def here(self) -> Settings:
        return deployment.locate(self.told)

    def up(self) -> None:
        self.shell.cx("up", "--detach", "--no-demo")

    def close(self) -> None:
        local.stop(self.told)

    def kill(self, server: str) -> None:
        """SIGKILL a server: "kafka" or "clickhouse"."""
        self._process(server).kill()

    def freeze(self, server: str) -> None:
        self._process(server).send_signal(signal.SIGSTOP)

    def thaw(self, server: str) -> None:
        self._process(server).send_signal(signal.SIGCONT)

    def _process(self, server: str) -> psutil.Process:
        running = {"kafka": kafka.running, "clickhouse": clickhouse.running}[server](self.data / server)
        assert running is not None
        process = running.process.identity.process()
        assert process is not None
        return process

    def kill_workers(self) -> None:
        """SIGKILL the workers, and before them whoever would start them again."""
        keeper.stop(self.told)
        for worker in workers.running(self.told):
            process = worker.identity.process()
            if process is not None:
                process.kill()
                process.wait(20)

    def send(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Store events on the broker."""
        with Sender(self.here) as sender:
            for event_type, fields in events:
                sender.event(event_type, fields)

    def records(self, topic: str, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Store bytes as they are, by key."""
        with Sender(self.here) as sender:
            for key, value in records:
                sender.record(topic, key, value)

    def settle(self) -> None:
        """Wait until the workers have taken in everything."""
        settle(self.here, lambda: None)

    def ask(self, statement: str) -> str:
        return ask(self._http, statement, ADMINISTRATOR, self._password()).strip()

    def _password(self) -> str:
        return passwords.read(self.data / "clickhouse", ADMINISTRATOR)

    def content(self, generation: str = "") -> Content:
        return content(self.ask, "cx", generation)


@functools.cache
def _yesterday() -> dt.date:
    """One day for the whole process: a test that runs across midnight asks for the day that it filled."""
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)


def yesterday(hour: int, minute: int = 0) -> int:
    """Return a moment of yesterday (UTC) in microseconds."""
    day = _yesterday()
    moment = dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=dt.UTC)
    return int(moment.timestamp()) * _SECOND
