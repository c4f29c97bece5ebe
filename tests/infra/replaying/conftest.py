import sys
from collections import Counter
from collections.abc import Callable
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from infra import local, wiring
from infra.cli import app
from infra.demo.feed import feed
from infra.demo.plan import Message, messages
from infra.deployment import environment
from infra.replaying import planning, running
from infra.sending import Sender
from infra.settings import Settings
from sinks import compare
from sinks.compare import Difference
from streams.replay.plan import Plan

Cx = Callable[..., Any]
MONEY = {"subscription", "subscription_history", "mrr_item", "mrr_movement", "invoice", "receivable_entry", "payment"}
"""Tables without which nothing is said of billing."""


@pytest.fixture
def cx(here: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cx:
    """Run `cx` on servers of one's own, in an empty directory; returns its result after checking the exit status."""
    for name, value in environment(here).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, status: int = 0) -> Any:
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == status, result.output
        return result

    return run


def _spread(messages: list[Message]) -> list[Message]:
    """The messages of each topic in their order, spread evenly over the whole, so that every part has some of each."""
    total, seen = Counter(each.topic for each in messages), Counter[str]()
    placed = []
    for each in messages:
        seen[each.topic] += 1
        placed.append((seen[each.topic] / total[each.topic], each))
    return [each for _, each in sorted(placed, key=itemgetter(0))]


class Log:
    """The demonstration's records, sent to the topics in parts, and what replays make of them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        with Sender(settings) as sender:
            self._messages = _spread(messages(sender.encode_only))

    def send(self, count: int) -> None:
        """Send the next records."""
        now, self._messages = self._messages[:count], self._messages[count:]
        with Sender(self.settings) as sender:
            feed(sender, now)

    def plan(self, **wish: Any) -> Plan:
        return planning.make(self.settings, planning.Wish(**wish), 2)

    def again(self, plan: Plan, number: int) -> Plan:
        """The same plan as one of its own."""
        return msgspec.structs.replace(plan, created_at=f"{plan.created_at}, number {number}")

    def run(self, plan: Plan, **choices: Any) -> str:
        """Carry a plan out and return the generation's name."""
        found = running.perform(self.settings, plan, running.Choices(**choices), lambda *_: None)
        assert found.state == "filled"
        return found.generation

    def compare(self, one: str, other: str) -> list[Difference]:
        with wiring.clickhouse(self.settings) as client:
            return compare.compare(client, one, other)

    def equal(self, one: str, other: str) -> bool:
        differences = self.compare(one, other)
        filled = {each.table for each in differences if each.rows}
        assert filled >= MONEY | {"response"}, "nothing compared with nothing proves nothing"
        return all(each.equal for each in differences)


@pytest.fixture
def log(here: Settings) -> Log:
    local.prepare(here)
    return Log(here)


@pytest.fixture
def crashing() -> Callable[[str], tuple[str, ...]]:
    """The command of a worker process that ends at `point:n`."""
    return lambda spec: (sys.executable, str(Path(__file__).with_name("crashing.py")), spec)
