"""A deployment on the shared servers, with workers of any version of the product and a terminal beside them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.deployment import environment
from infra.sending import Sender
from infra.stack import Stack
from infra.standing import settle
from tests.faults.product import Product, deployed
from tests.faults.recount import query
from tests.runbooks.content import Content, content
from tests.runbooks.shell import ROOT, Shell
from tests.support.clickhouse import ask


class Bench:
    """A product under test: `shell` is the operator's, `deploy` says which version workers are started with."""

    def __init__(self, product: Product, folder: Path) -> None:
        self.product, self.told = product, product.told
        self.shell = Shell(folder / "desk", environment(product.told))
        self.deploy(ROOT)

    def deploy(self, tree: Path) -> None:
        """Let workers started from now on, and `cx`, be those of a tree."""
        self.product.environment["PYTHONPATH"] = str(tree)
        self.shell.deploy(tree)

    def roll(self, number: int, tree: Path) -> None:
        """Put another version in a running worker's place."""
        self.deploy(tree)
        if number in self.product.workers:
            self.product.restart(number)
        else:
            self.product.start(number)

    def send(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        with Sender(self.told) as sender:
            for event_type, fields in events:
                sender.event(event_type, fields)

    def records(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        with Sender(self.told) as sender:
            for key, value in records:
                sender.record("survey", key, value)

    def settle(self) -> None:
        def alive() -> None:
            dead = [each.log for each in self.product.workers.values() if not each.process.alive()]
            assert not dead, self.product.logs()

        settle(self.told, alive)

    def ask(self, statement: str) -> list[list[Any]]:
        """Ask ClickHouse; `{cx}` stands for the views' database."""
        return query(self.product.where, statement.replace("{cx}", self.told.database))

    def order(self, statement: str) -> None:
        """Have ClickHouse do what it has no answer to."""
        told = self.told
        ask(told.clickhouse_http_port, statement, told.clickhouse_user, told.clickhouse_password.reveal())

    def content(self, generation: str = "", without: Collection[str] = ()) -> Content:
        return content(self.ask, self.told.database, generation, without)


@contextmanager
def bench(stack: Stack, folder: Path) -> Iterator[Bench]:
    with deployed(stack, folder, f"rb{secrets.token_hex(4)}") as product:
        yield Bench(product, folder)
