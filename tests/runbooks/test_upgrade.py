"""A live deployment of the release before is followed by this one, and taken back, while events keep coming.

Both are run as they are: the former one out of the repository's history, with its own `cx`, keeper and workers. The
page's commands, in their order, do everything.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra import keeper, wiring, workers
from infra.demo import check
from infra.demo.feed import feed
from infra.demo.plan import Message, messages, tally
from infra.promoting import CRASH
from infra.sending import Sender
from schemas.codec import Codec
from sinks.tables import TABLES
from streams.emit.admission import topic_of
from streams.live.engine.crash_points import EXIT_STATUS
from tests.runbooks import pages
from tests.runbooks.content import content
from tests.runbooks.former import command, former_release
from tests.runbooks.house import House, response, uid, yesterday
from tests.runbooks.shell import ROOT, Follower

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(1500)]
_PER_SECOND = 300
_FORMER, _OURS = "cx_g1", "cx_g2"


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return former_release(tmp_path / "former")


@pytest.fixture
def house(tmp_path: Path, former: Path) -> Iterator[House]:
    """The former release's pipeline, as `cx up --detach` leaves it; `cx` is this release's already."""
    made = House(tmp_path, former)
    try:
        made.up()
        made.shell.deploy(ROOT)
        yield made
    finally:
        made.close()


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


def _as_both_know(former: Path) -> Callable[[str, Mapping[str, Any]], bytes | None]:
    """Return how applications that know the former release frame an event: in its version, or not at all.

    They leave out what that version has no field for, such as a manager's share, or the project of an invoice's line.
    """
    known = [name.rpartition(".v") for name in json.loads((former / "schemas" / "released.json").read_text())]
    versions = {kind: int(version) for kind, _, version in sorted(known, key=lambda each: int(each[2]))}
    codec = Codec()

    def encode(kind: str, fields: Mapping[str, Any]) -> bytes | None:
        if kind not in versions:
            return None
        (found,) = (former / "schemas" / "avro").glob(f"*/{kind}.v{versions[kind]}.avsc")
        types = {each["name"]: each["type"] for each in json.loads(found.read_text())["fields"]}
        told = {name: _part(types[name], value) for name, value in fields.items() if name in types}
        return codec.encode(kind, told, versions[kind])

    return encode


def _part(declared: Any, value: Any) -> Any:
    """Return a value without fields of parts that its type does not declare."""
    for each in declared if isinstance(declared, list) else [declared]:
        match each, value:
            case {"type": "array", "items": items}, [*parts]:
                return [_part(items, part) for part in parts]
            case {"type": "record", "fields": fields}, {}:
                types = {field["name"]: field["type"] for field in fields}
                return {name: _part(types[name], part) for name, part in value.items() if name in types}
    return value


def _told_by_both(former: Path) -> list[Message]:
    """The demonstration without what the former release has no type for."""
    encode = _as_both_know(former)
    return [each for each in messages(lambda kind, fields: encode(kind, fields) or b"") if each.value or each.fault]


def _figures(house: House, former: Path) -> dict[check.Key, check.Row]:
    """What the demonstration's figures are that both releases have, as the views of whichever is served say them."""
    known = {path.stem for kind in ("views", "metrics") for path in (former / "sinks" / kind).iterdir()}
    asked = [each for each in check.QUESTIONS if known.issuperset(re.findall(r"FROM ([a-z_]+)", each))]
    assert len(asked) > len(check.QUESTIONS) // 2
    client = wiring.reader(house.here)
    try:
        return check.read(client, questions=asked)
    finally:
        client.disconnect()


def _chain() -> Iterator[tuple[str, dict[str, Any]]]:
    """A payment whose number was wrong twice: one payment of 10, with this release; the former one counts the first."""
    common = {"account_id": "chain", "source": "shop:main", "invoice_id": "i1", "currency": "EUR", "exponent": 2}
    at = yesterday(9)
    yield "invoice_issued", {**common, "event_id": uid(1), "occurred_at": at, "issued_at": at, "total": 2_000}
    for number in (2, 3, 4):
        then = yesterday(9, number)
        paid = {"payment_id": f"p{number}", "amount": 1_000, "occurred_at": then, "paid_at": then}
        corrects = {"corrects_event_id": uid(number - 1)} if number > 2 else {}
        yield "invoice_paid", {**common, **paid, **corrects, "event_id": uid(number)}


def _listed(house: House) -> dict[str, str]:
    """Return the state of every generation by name."""
    found = json.loads(house.shell.cx("replay", "list", "--format", "json").out)
    return {str(each["generation"]): str(each["state"]) for each in found}


def _newest(house: House) -> str:
    return max(_listed(house), key=lambda name: int(name.rpartition("_g")[2]))


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


def _only_as_announced(house: House) -> None:
    """Hold the former release's rows against this one's, of the very same events: the changelog names what differs."""
    found = json.loads(house.shell.cx("replay", "diff", _FORMER, "--format", "json").out)
    differing = {each["table"]: each for each in found["tables"] if each["missing"] + each["extra"] + each["changed"]}
    # "Write-offs and failures without a payment are named by event and source."
    attempts = differing.pop("payment_attempt")
    assert attempts["extra"] - 1 == attempts["missing"] > 0  # beside that, the attempt of the next line
    # "A replaced correction still holds down what it had replaced."
    assert differing["invoice"]["columns"]["paid_micros"] == 1
    known = house.ask(f"SELECT name FROM system.tables WHERE database = '{_FORMER}'").split()
    # "Lines of invoices may name a project", "a share of the account's money".
    since = {*TABLES} - {*known} | {"project_id", "share_bp"}
    without, others = {"payment_attempt", *since}, "account_id != 'chain'"
    theirs, ours = (content(house.ask, "cx", generation, without, others) for generation in (_FORMER, _OURS))
    assert ours == theirs
    staged = {"account_health", "account_now", "risk_episode"}  # the former release has no account stage
    assert set(differing) - staged <= set(ours), differing
    assert (found["refused"], found["admitted"]) == ([], [])


def test_the_release_before_is_followed_and_taken_back(house: House, former: Path, tmp_path: Path) -> None:
    """Its state cannot be read, and a deployment that has it is live: neither an event nor a figure may be lost."""
    with Sender(house.here) as sender:
        records = _told_by_both(former)[:2_800]
        first, during, after, late = records[:1_600], records[1_600:2_000], records[2_000:2_400], records[2_400:]
        feed(sender, first)
        encode = _as_both_know(former)
        for kind, fields in _chain():
            sender.record(topic_of(kind), str(fields["account_id"]).encode(), encode(kind, fields) or b"")
    house.settle()
    theirs = _running(house)
    # The page's example of what brings one here: nothing is stopped or changed by it.
    assert "cx runbook upgrade says how" in house.shell.cx("restart", status=1).err
    with Follower(pages.load()["upgrade"], house.shell) as page:
        page.give(FORMER_CX=str(command(former, tmp_path / "cx-former")), GENERATION=lambda: _newest(house))
        page.next(status=None)  # its status: dead letters of the demonstration are open
        with _coming(house, during):
            assert "left to the release that keeps state otherwise" in page.next().out
            for _ in range(4):
                page.next()
            shown = page.next().out
        assert "payment_attempt: extra" in shown
        assert 'invoice: changed ["chain"' in shown
        assert _running(house) == theirs, "the former release's workers stood still"
        house.settle()
        before = _figures(house, former)
        assert "write the state of this release's workers, g2," in page.next().out
        page.next()
        assert _listed(house) == {_FORMER: "former", _OURS: "served"}
        _only_as_announced(house)
        assert _figures(house, former) == before
        with _coming(house, after):
            for _ in range(3):
                page.next(status=None)
            house.shell.cx("restart")  # they restore from changelogs of their own
        _equal_to_a_rebuild(house)
        with _coming(house, late):
            assert "leave cx_g1 to the release that writes it" in page.next().out
            page.next()
            page.next()
            page.next(status=None)
    house.shell.deploy(former)
    assert _listed(house)[_FORMER] == "served"
    _equal_to_a_rebuild(house)
    client = wiring.reader(house.here)
    taken, dead = check.counts(client)
    client.disconnect()
    events, _, faults = tally(records)
    assert (taken, dead) == (events, faults)


@pytest.mark.long
def test_whatever_dies_one_release_goes_on(house: House, former: Path, tmp_path: Path) -> None:
    """A switch that is cut short must leave the former release running, or be finished by the same command."""
    numbers = iter(range(1, 1_000))
    sent = 0

    def answers() -> None:
        nonlocal sent
        house.send([("response_submitted", response(next(numbers), "acme", yesterday(8), nps=9)) for _ in range(20)])
        sent += 20
        house.settle()
        assert int(house.ask("SELECT count() FROM cx.response")) == sent

    former_cx = command(former, tmp_path / "cx-former")
    answers()
    house.shell.cx("migrate")
    house.shell.cx("replay", "plan", "--out", "plan.json")
    house.shell.cx("replay", "run", "plan.json", "--yes")
    promote = ("replay", "promote", _OURS, "--yes", "--accept-differences")
    for point in ("after_pause:1", "after_catch_up:1", "after_seed:1"):
        house.shell.cx(*promote, status=EXIT_STATUS, **{CRASH: point})
        answers()  # by the former release's workers, which its keeper has started again
    house.shell.cx(*promote, status=EXIT_STATUS, **{CRASH: "before_line:1"})
    assert keeper.running(house.told) is None
    house.shell.run(f"{former_cx} restart")
    answers()
    for point in ("after_line:1", "between_views:5", "before_start:1"):
        house.shell.cx(*promote, status=None, **{CRASH: point})
        assert _listed(house)[_OURS] == "served"
    house.shell.cx(*promote)
    answers()
    assert keeper.running(house.told) is not None, "nobody watches over the workers"
    house.shell.cx("replay", "back", "--yes", status=EXIT_STATUS, **{CRASH: "after_rewind:1"})
    house.shell.cx("replay", "back", "--yes")
    deadline = time.monotonic() + 30
    while _running(house):
        assert time.monotonic() < deadline, "workers of this release run on the former one's state"
    house.shell.run(f"{former_cx} restart")
    answers()
    house.shell.deploy(former)
    _equal_to_a_rebuild(house)
