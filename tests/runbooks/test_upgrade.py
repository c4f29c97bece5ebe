"""A live deployment of the release before is followed by this one, and taken back, while events keep coming.

Both are run as they are: the former one out of the repository's history, with its own `cx`, keeper and workers. The
page's commands, in their order, do everything.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra import wiring, workers
from infra.demo import check, oracle
from infra.demo.feed import feed
from infra.demo.plan import Message, messages, tally
from infra.sending import Sender
from tests.runbooks import pages
from tests.runbooks.former import command, former_release
from tests.runbooks.house import House
from tests.runbooks.shell import ROOT, Follower

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(900)]
_PER_SECOND = 400


@contextmanager
def _coming(house: House, records: Sequence[Message]) -> Iterator[None]:
    """Send records beside the block, a few hundred a second; leave once all are stored."""
    failed: list[BaseException] = []

    def send() -> None:
        try:
            with Sender(house.here) as sender:
                feed(sender, records, per_second=_PER_SECOND)
        except BaseException as error:  # noqa: BLE001 - it fails the test, in the test's own thread
            failed.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    try:
        yield
    finally:
        sending.join()
    assert not failed, failed


def _figures(house: House) -> dict[check.Key, check.Row]:
    """What the demonstration's figures are, as the views of whichever release say them."""
    client = wiring.reader(house.here)
    try:
        return check.read(client)
    finally:
        client.disconnect()


def _served(house: House) -> str:
    found: list[dict[str, Any]] = json.loads(house.shell.cx("replay", "list", "--format", "json").out)
    return next(str(each["generation"]) for each in found if each["state"] == "served")


def _newest(house: House) -> str:
    found: list[dict[str, Any]] = json.loads(house.shell.cx("replay", "list", "--format", "json").out)
    return max((str(each["generation"]) for each in found), key=lambda name: int(name.rpartition("_g")[2]))


def _running(house: House) -> list[int]:
    return [worker.pid for worker in workers.running(house.told)]


def _equal_to_a_rebuild(house: House) -> None:
    """Hold what live workers of the deployed release wrote against all events folded from the first by itself."""
    house.settle()
    house.shell.cx("replay", "plan", "--out", "again.json")
    house.shell.cx("replay", "run", "again.json", "--yes")
    name = _newest(house)
    assert "every row is the same" in house.shell.cx("replay", "diff", name).out
    house.shell.cx("replay", "drop", name, "--yes")


def test_the_release_before_is_followed_and_taken_back(tmp_path: Path) -> None:
    """Its state cannot be read, and a deployment that has it is live: neither an event nor a figure may be lost."""
    former = former_release(tmp_path / "former")
    house = House(tmp_path, former)
    try:
        house.up()
        with Sender(house.here) as sender:
            records = messages(sender.encode_only)
        size = len(records) // 10
        first, during, after, late = (
            records[: 5 * size],
            records[5 * size : 7 * size],
            records[7 * size : 9 * size],
            records[9 * size :],
        )
        with Sender(house.here) as sender:
            feed(sender, first)
        house.settle()
        theirs = _running(house)
        house.shell.deploy(ROOT)
        page = Follower(pages.load()["upgrade"], house.shell)
        page.give(FORMER_CX=str(command(former, tmp_path / "cx-former")), GENERATION=lambda: _newest(house))
        with page:
            refused = house.shell.cx("restart", status=1)
            assert "cx runbook upgrade" in refused.err
            page.next()
            with _coming(house, during):
                assert "left to the release" in page.next().out  # cx migrate
                for _ in range(2):
                    page.next()
                foretold, filled, compared = page.next(), page.next(), page.next()
            assert _running(house) == theirs, "the former release's workers never stood still"
            house.settle()
            before, generation = _figures(house), _newest(house)
            print(compared)
            foretold = page.next()
            print(foretold)
            print(page.next())
            assert _served(house) == generation
            house.settle()
            print(house.content("cx_g1") == house.content(generation))
            assert _figures(house) == before
            with _coming(house, after):
                for _ in range(3):
                    print(page.next(status=None))
            _equal_to_a_rebuild(house)
            with _coming(house, late):
                for _ in range(4):
                    print(page.next(status=None))
            house.shell.deploy(former)
            assert _served(house) == "cx_g1"
            _equal_to_a_rebuild(house)
    finally:
        house.close()
