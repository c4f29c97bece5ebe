"""A wrong rounding goes live for a day; somebody who has only the runbook finds it, repairs it and takes it back.

The bug is no mock: workers run another tree of sources, as another release would be. The page's own commands, in their
order, do everything; between them stands only what the page tells a person to do by other means (install a version).
"""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from infra import workers
from tests.runbooks import pages
from tests.runbooks.house import House, defined, response, yesterday
from tests.runbooks.shell import Ended, Follower
from tests.runbooks.trees import planted_bug

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.long, pytest.mark.timeout(1500)]

_ACCOUNTS = [f"account-{number}" for number in range(11)] + ["acme"]
_SCORES = (1.4, 2.0, 3.0, 3.6, 4.0, 4.4, 5.0)
Event = tuple[str, dict[str, Any]]


def _answers(numbers: Iterable[int], hour: int) -> Iterator[Event]:
    """Fractional answers as upstream surveys with half points have them; the seventh part is between 3.5 and 4."""
    for number in numbers:
        account = _ACCOUNTS[number % len(_ACCOUNTS)]
        score = _SCORES[number % len(_SCORES)]
        yield "response_submitted", response(number, account, yesterday(hour, number % 60), csat=score, nps=number % 11)


def _corrections(numbers: Iterable[int]) -> Iterator[Event]:
    for number in numbers:
        fields = response(number, _ACCOUNTS[number % len(_ACCOUNTS)], yesterday(20), csat=4.4)
        kept = ("account_id", "source", "response_id", "answers")
        event_id = f"00000000-0000-4000-9000-{number:012d}"
        yield (
            "response_corrected",
            {"event_id": event_id, "occurred_at": yesterday(20)} | {name: fields[name] for name in kept},
        )


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A right version with a history, then a day on which the wrong version runs."""
    folder = tmp_path_factory.mktemp("story")
    right = House(folder)
    try:
        right.up()
        right.send(("survey_defined", defined(9_000 + n, each, yesterday(0))) for n, each in enumerate(_ACCOUNTS))
        right.send(_answers(range(1, 200), 1))
        right.settle()
        right.shell.cx("down")
        right.shell.deploy(planted_bug(folder / "wrong"))
        right.up()
        yield right
    finally:
        right.close()


def _positive(house: House, account: str) -> tuple[int, int]:
    """Return numerator and denominator of the account's CSAT of the day, as BI reads it."""
    day = dt.datetime.fromtimestamp(yesterday(0) / 1_000_000, dt.UTC).date()
    found = house.shell.cx(
        "sql",
        "SELECT numerator, denominator FROM csat WHERE grain = 'day' AND dimension = 'account'"
        f" AND dimension_value = '{account}' AND window_start = '{day}'",
        "--format",
        "json",
    )
    (row,) = json.loads(found.out)
    return int(row["numerator"]), int(row["denominator"])


def _true(account: str, corrected: range, last: int, first: int = 1) -> tuple[int, int]:
    """Count by hand what the events say: the share of answers of 4 and 5 of 5, corrections applied."""
    own = [number for number in range(first, last) if _ACCOUNTS[number % len(_ACCOUNTS)] == account]
    scores = [4.4 if number in corrected else _SCORES[number % len(_SCORES)] for number in own]
    return sum(score >= 4 for score in scores), len(scores)


def _killed_when(house: House, command: str, ripe: Callable[[], bool]) -> None:
    """Start a command, SIGKILL it as soon as the moment is ripe, or let it end if it was faster."""
    process = house.shell.start(command)
    deadline = time.monotonic() + 60
    while process.poll() is None and not ripe():
        assert time.monotonic() < deadline, command
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_the_story(house: House) -> None:
    """This is how the whole tool is judged: found, fixed, replayed, promoted and taken back, by the page alone."""
    since, day, corrected = _now(), range(200, 1400), range(115, 125)  # one of these is acme's
    house.send(_answers(day, 9))
    house.send(_corrections(corrected))
    house.settle()
    wrong, truth = _positive(house, "acme"), _true("acme", corrected, day.stop)
    assert wrong != truth, "the planted bug must show in a figure"

    house.shell.deploy(pages.FOLDER.parents[1])  # the operator's own terminal has the version that is trusted
    month = f"{dt.datetime.fromtimestamp(yesterday(0) / 1_000_000, dt.UTC):%Y-%m}"
    guilty = next(n for n in day if _ACCOUNTS[n % len(_ACCOUNTS)] == "acme" and _SCORES[n % len(_SCORES)] == 3.6)
    page = Follower(pages.load()["wrong-numbers"], house.shell)
    page.give(WINDOW=month, READ=_now(), RESPONSE=f"r{guilty}", SINCE=since)
    with page:
        _look(page, wrong, truth, f"r{guilty}")
        found = _until(page, "cx replay diff")
        assert "the tables differ" in found.out
        assert "number: 4.0 -> 3.6" in found.out
        _until(page, "cx replay plan")
        _kill_runs(house)
        generation = _until(page, "cx replay run").out.split()[0]
        page.give(GENERATION=generation)
        assert "the tables differ" in _until(page, "cx replay diff").out
        before = house.content()
        _until(page, "cx replay promote")
        assert house.content() == before, "a dry run changes nothing that is served"
        _kill_promotions(house, generation)
        _until(page, "cx replay promote")
        house.settle()
        assert _positive(house, "acme") == truth
        whole = _until(page, "cx replay run").out.split()[0]
        assert "every row is the same" in _until(page, "cx replay diff").out
        assert house.content() == house.content(whole), "a rebuild of everything that nobody disturbs comes to the same"
        page.give(COPIES=lambda: f'"{" ".join(_filled(house))}"')
        page.section("It is over when")
        assert _filled(house) == []
        house.send(_answers(range(1400, 1450), 21))
        house.settle()
        _until(page, "cx replay back")
        _kill_the_way_back(house)
        page.section("Back")
        house.settle()
        later = _true("acme", range(0), 1450, 1400)
        assert _positive(house, "acme") == (wrong[0] + later[0], wrong[1] + later[1])


def _look(page: Follower, wrong: tuple[int, int], truth: tuple[int, int], guilty: str) -> None:
    """Read what the page has one read: figures then and now, facts that changed by no event, and the event itself."""
    figure = _until(page, "cx explain").out
    told = re.findall(r"│ (now|then) +│ +[0-9.]+ +│ +(\d+) │", figure)
    assert told == [("now", str(wrong[0])), ("then", str(truth[0]))]
    assert "changed after it had counted: 1\n" in figure
    assert "correction" in figure
    changed = figure.partition("facts that are not what they were then")[2].partition("\nfacts:")[0]
    assert "score=4, " in changed
    assert "@" not in changed, "no event came since that would account for it"
    rows = _until(page, "cx explain").out
    assert guilty in rows
    assert "metric_change:" in rows
    assert not re.search(r"\b3\.6\b", rows), "the row that explain shows is the wrong one"
    page.give(RECORD=re.findall(r"^ +(cx\.\S+)", rows, re.MULTILINE)[0])
    assert re.search(r"answers\[0\]\.number +3\.6\n", _until(page, "cx dead-letters show").out)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _filled(house: House) -> list[str]:
    """Return the copies that `cx replay list` calls filled."""
    listed = json.loads(house.shell.cx("replay", "list", "--format", "json").out)
    return [each["generation"] for each in listed if each["state"] == "filled"]


def _until(page: Follower, command: str) -> Ended:
    """Go on with the page up to and with the next line that begins like this."""
    while not (ended := page.next()).text.startswith(command):
        pass
    return ended


def _kill_runs(house: House) -> None:
    """Kill the run that the page names next, at moments that lie ever later; each start goes on from the one before."""
    command = "cx replay run repair.json --yes --rate 800 --processes 2"
    rows = (
        "SELECT coalesce(sum(total_rows), 0) FROM system.tables WHERE startsWith(database, 'cx_g') AND name = 'answer'"
    )
    runs = "SELECT count() FROM cx_meta.replay_log WHERE action = 'run' AND outcome = 'begun'"
    begun = int(house.ask(runs))
    _killed_when(house, command, lambda: int(house.ask(runs)) > begun)
    for _ in range(2):
        stored = int(house.ask(rows))
        _killed_when(house, command, lambda stored=stored: int(house.ask(rows)) > stored)  # type: ignore[misc]


def _kill_promotions(house: House, generation: str) -> None:
    """Let the promotion die at its boundaries, and kill it when no worker runs any more."""
    command = f"cx replay promote {generation} --yes"
    house.shell.run(command, status=86, CX_CRASH_PROMOTION="after_pause:1")
    _killed_when(house, command, lambda: not workers.running(house.told))
    house.shell.run(command, status=86, CX_CRASH_PROMOTION="mid_clone:2")
    house.shell.run(command, status=86, CX_CRASH_PROMOTION="between_views:3")


def _kill_the_way_back(house: House) -> None:
    house.shell.run("cx replay back --yes", status=86, CX_CRASH_PROMOTION="after_catch_up:1")
