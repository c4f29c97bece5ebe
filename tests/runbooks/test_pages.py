"""Every page is followed, line by line, on a pipeline in the state that the page speaks of; then it is well again."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import roster, workers
from infra.deployment import worker_directory
from infra.health.workforce import AGAIN_AND_AGAIN
from tests.runbooks import pages
from tests.runbooks.house import House, response, yesterday
from tests.runbooks.shell import Follower
from tests.runbooks.trees import encoded, next_release, stumbling

_PAGES = pages.load()
_ELSEWHERE = {"wrong-numbers": "test_planted_bug.py", "upgrade": "test_upgrade.py"}
_UNWELL = ("status", "doctor")
_ROOM = "min_free_disk_bytes_to_perform_insert"
_numbers = iter(range(1, 1_000_000))


def _responses(count: int, account: str = "acme") -> Iterator[tuple[str, dict[str, Any]]]:
    for _ in range(count):
        yield "response_submitted", response(next(_numbers), account, yesterday(8), nps=9)


def _generations(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(house.shell.cx("replay", "list", "--format", "json").out)
    return found


def _newest(house: House) -> str:
    return max((each["generation"] for each in _generations(house)), key=lambda name: int(name.rpartition("_g")[2]))


def _named(house: House, state: str) -> str:
    return next(each["generation"] for each in _generations(house) if each["state"] == state)


def _stopped(house: House) -> None:
    """Wait until no worker runs: one that meets what it does not expect ends by itself."""
    deadline = time.monotonic() + 90
    while workers.running(house.told):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _again_and_again(house: House) -> None:
    """Wait until the worker has ended so often that it is wrong also while it starts once more."""
    deadline = time.monotonic() + 120
    while (known := roster.read(house.told)) is None or len(known.members[0].ends) < AGAIN_AND_AGAIN:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _well(house: House, page: Follower) -> None:
    house.settle()
    page.section("It is over when")


def index(house: House, page: Follower) -> None:
    assert workers.running(house.told), "nothing is wrong"
    page.section("Before you type")


def lag_grows(house: House, page: Follower) -> None:
    """No worker runs and events arrive."""
    house.kill_workers()
    house.send(_responses(40))
    looked = page.section("Look", status=None)
    assert "40 records wait" in looked[0].out
    assert "worker 1 does not run, nobody starts it again" in looked[0].out
    page.section("Do")
    assert len(workers.running(house.told)) == 2
    _well(house, page)


def clickhouse_down(house: House, page: Follower) -> None:
    """The server is gone without a farewell, and events arrive."""
    before = int(house.ask("SELECT count() FROM cx.response"))
    house.kill("clickhouse")
    looked = page.section("Look", unwell=_UNWELL)
    assert "ClickHouse" in looked[0].out + looked[0].err
    page.section("Do")
    house.send(_responses(30))
    _well(house, page)
    assert int(house.ask("SELECT count() FROM cx.response")) == before + 30


def broker_down(house: House, page: Follower) -> None:
    """The broker is gone without a farewell."""
    before = int(house.ask("SELECT count() FROM cx.response"))
    house.kill("kafka")
    looked = page.section("Look", unwell=_UNWELL)
    assert "Kafka" in looked[0].out + looked[0].err
    page.section("Do")
    house.send(_responses(30))
    _well(house, page)
    assert int(house.ask("SELECT count() FROM cx.response")) == before + 30


def poison_flood(house: House, page: Follower) -> None:
    """Many times more bad records than the limit allows, from one sender; good events behind them, and later.

    An old letter of another customer, refused for the same reason, is all that `list` has of it: it is in the way.
    """
    before, flood = int(house.ask("SELECT count() FROM cx.response")), 3_000
    house.records("survey", [(b"globex", b"")])
    house.settle()
    house.records("survey", [(b"acme", b"")] * flood)
    house.send(_responses(5))
    _stopped(house)
    page.give(RECORD=lambda: _last_record(house), ACCOUNT="acme", SOURCE="''")
    looked = page.section("Look", unwell=_UNWELL)
    assert "dead-letter limit" in looked[-1].out
    assert "globex" not in looked[-1].out
    assert _last_record(house) in looked[0].out
    known = house.ask("SELECT DISTINCT account_key FROM cx.dead_letter_open WHERE reason = 'empty_value'")
    assert "globex" in known.split()
    shown = page.next().out
    assert 'key       "acme"' in shown
    assert "not taken in" in shown
    assert "now       refused (empty_value" in shown
    for _ in range(4):
        page.next()
    house.settle()
    assert f"{flood + 1:,} in all are open dead letters" in page.next(status=1).out
    page.section("Do")
    house.send(_responses(1_100))
    _well(house, page)
    kept = house.ask("SELECT account_key, status, count() FROM cx.dead_letter_state GROUP BY ALL ORDER BY ALL")
    assert kept == f"acme\tdiscarded\t{flood}\nglobex\topen\t1"
    assert int(house.ask("SELECT count() FROM cx.response")) == before + 1_105


def _last_record(house: House) -> str:
    """Return the place in the last words of the worker that stopped."""
    said = (worker_directory(house.told, 1) / workers.LOG).read_text()
    return re.findall(r"the last is (\S+-\d+@\d+) \(", said)[-1]


def _letter(house: House) -> str:
    """Return the place of the newest open letter, as the list names it."""
    place = "concat(topic, '-', toString(partition), '@', toString(offset))"
    return house.ask(f"SELECT {place} FROM cx.dead_letter_open ORDER BY ingested_at DESC, offset DESC LIMIT 1")


def bad_deploy(house: House, page: Follower) -> None:
    """A version that stumbles over every answer was put in place."""
    page.give(
        SINCE=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1)), GENERATION=lambda: _newest(house)
    )
    house.shell.cx("down")
    right = house.shell.tree
    house.shell.deploy(stumbling(house.data.parent / "stumbling"))
    house.up()
    house.send(_responses(10))
    _again_and_again(house)
    looked = page.section("Look", status=None, unwell=("status",))
    assert "a mistake of this release" in looked[0].out
    house.shell.deploy(right)
    page.next()
    house.settle()
    found = page.section("Do")
    assert any("every row is the same" in each.out for each in found)
    _well(house, page)


def schema_order(house: House, page: Follower) -> None:
    """An application sends the second version of an event to workers that know the first; the new ones stay."""
    tree = next_release(house.data.parent / "next", {"name": "mood", "type": "string", "default": "", "doc": "Mood."})
    before = int(house.ask("SELECT count() FROM cx.response"))
    house.records("survey", encoded(tree, _responses(200), mood="calm"))
    house.settle()
    page.give(LETTER=lambda: _letter(house))
    looked = page.section("Look", unwell=_UNWELL)
    assert "unknown_schema" in looked[1].out
    assert "nearest known: response_submitted v1" in looked[2].out
    house.shell.deploy(tree)
    page.section("Do")
    _well(house, page)
    assert house.ask("SELECT count() FROM cx.dead_letter_open WHERE reason = 'unknown_schema'") == "0"
    assert int(house.ask("SELECT count() FROM cx.response")) == before + 200


def disk_full(house: House, page: Follower) -> None:
    """ClickHouse refuses inserts for want of room; a copy that nobody needs takes some."""
    house.shell.cx("replay", "plan", "--out", "copy.json")
    house.shell.cx("replay", "run", "copy.json", "--yes")
    copy, served = _newest(house), _named(house, "served")
    page.give(GENERATION=copy)
    _room(house, served, 1 << 60)
    house.send(_responses(20))
    page.section("Look", status=None)
    for _ in range(3):
        page.next()
    assert copy not in {each["generation"] for each in _generations(house)}
    _room(house, served, 0)
    page.section("Do")
    _well(house, page)


def _room(house: House, generation: str, wanted: int) -> None:
    """Let the server find a table's disk too full for an insert unless so many bytes are free."""
    house.ask(f"ALTER TABLE {generation}.response MODIFY SETTING {_ROOM} = {wanted}")


def rebuild_everything(house: House, page: Follower) -> None:
    """Somebody has emptied tables by hand."""
    house.send(_responses(20))
    house.settle()
    content, served = house.content(), _named(house, "served")
    for table in ("response", "answer"):
        house.ask(f"TRUNCATE TABLE {served}.{table}")
    page.give(GENERATION=lambda: _newest(house), FORMER=lambda: _named(house, "former"))
    page.section("Look")
    page.section("Do")
    house.settle()
    assert house.content() == content
    page.section("It is over when")


_SCENARIOS: dict[str, Callable[[House, Follower], None]] = {
    pages.INDEX: index,
    "lag-grows": lag_grows,
    "rebuild-everything": rebuild_everything,
    "disk-full": disk_full,
    "bad-deploy": bad_deploy,
    "poison-flood": poison_flood,
    "clickhouse-down": clickhouse_down,
    "broker-down": broker_down,
    "schema-order": schema_order,  # last: its workers are of another version
}


_LONG = {"bad-deploy", "broker-down", "poison-flood"}
"""Each restarts the whole deployment several times."""


@pytest.mark.servers
@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name in _LONG else name for name in _SCENARIOS]
)
def test_a_page_leads_out(house: House, name: str) -> None:
    """A command that was right when the page was written must be right on the night when it is needed."""
    with Follower(_PAGES[name], house.shell) as page:
        _SCENARIOS[name](house, page)


def test_no_page_goes_untried() -> None:
    """A page whose commands nobody runs is worse than none: it is believed."""
    assert sorted(_PAGES) == sorted([*_SCENARIOS, *_ELSEWHERE])
    for name, file in _ELSEWHERE.items():
        assert f'Follower(pages.load()["{name}"]' in Path(__file__).with_name(file).read_text()
