"""Whatever is typed at three in the morning: one clear sentence, exit status 1 or 2, and nothing half done."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.cli import app
from infra.deployment import environment
from infra.stack import Stack
from tests.runbooks.deployment import Bench, bench
from tests.runbooks.house import response, yesterday
from tests.runbooks.shell import ROOT, Ended

pytestmark = [pytest.mark.servers, pytest.mark.faults, pytest.mark.timeout(500)]

_NAMES = (
    "'; DROP TABLE response; --",
    '" OR ""="',
    "acme`; SELECT 1",
    "a\\",
    "../../etc/passwd",
    "{account:String}",
    "%(x)s",
    "[bold]a[/bold]",
    "$(touch owned)",
    "\x1b[2J\x1b]0;owned\x07",
    "a\nb",
    "\u202eemca",
    "x" * 5_000,
)
_GENERATIONS = ("cx; DROP DATABASE cx", "system", "default", "cx_meta", "cx_g99", "cx_g1`", "", "-1", "\uff43x_g1")
_TIMES = (
    "yesterday",
    "2026-13-01T00:00:00Z",
    "2026-11-22",
    "2026-11-22T00:00:00",
    "1969-12-31T23:59:59Z",
    "2999-01-01T00:00:00Z",
    "99999999999999999999",
    "1e3",
    "-5",
    "\u0663",
    "'; --",
)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture(scope="module")
def deployed(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(stack, tmp_path_factory.mktemp("bad")) as made:
        made.roll(1, ROOT)
        answers = (response(n, f"account-{n % 9}", yesterday(9), nps=n % 11) for n in range(1, 600))
        made.send(("response_submitted", fields) for fields in answers)
        made.settle()
        made.product.stop()
        yield made


def _refused(ended: Ended, *, told: str = "") -> None:
    """Hold a refusal to its form: status 1 with a sentence, or 2 with what was mistyped; no escape, no traceback."""
    assert ended.status in (1, 2), ended
    assert ended.out == "", ended
    assert not _CONTROL.search(ended.err), ended
    assert told in ended.err, ended
    if ended.status == 1:
        assert ended.err.splitlines()[-1].startswith("cx: ") or ended.err.count("cx: ") == 1, ended


def _standing(deployed: Bench) -> Any:
    """Return everything that a command could have left half done; locks and the audit log are there to grow."""
    databases = "SELECT name FROM system.databases WHERE startsWith(name, '{cx}') ORDER BY name"
    tables = (
        "SELECT database, name FROM system.tables"
        " WHERE match(database, '^{cx}(_g[0-9]+)?$') AND NOT startsWith(name, '.') ORDER BY 1, 2"
    )
    return deployed.ask(databases), deployed.ask(tables), deployed.content()


def _cx(deployed: Bench, *arguments: str) -> Ended:
    """Run `cx` within this process, which starts at once, in the operator's folder."""
    with contextlib.chdir(deployed.shell.folder):
        result = CliRunner().invoke(app, arguments, env=environment(deployed.told))
    failure = result.exception
    assert failure is None or isinstance(failure, SystemExit), repr(failure)
    return Ended(f"cx {arguments}", result.exit_code, result.stdout, result.stderr)


def test_senseless_plans_are_refused(deployed: Bench) -> None:
    """Names from the injection corpus, times that are none, offsets beyond the end: refused, and no plan is written."""
    before = _standing(deployed)
    survey = f"{deployed.told.topic_prefix}survey"
    for name in _NAMES[::2]:
        _refused(_cx(deployed, "replay", "plan", "--account", name))
    for name in _NAMES[1::3]:
        _refused(_cx(deployed, "replay", "plan", "--topic", name))
    for text in _TIMES:
        _refused(_cx(deployed, "replay", "plan", "--topic", survey, "--from", text))
    for more in (
        ("--partition", "1", "--from", "999999"),
        ("--partition", "1", "--to", "999999"),
        ("--partition", "99"),
        ("--partition", "-1"),
        ("--from", "2026-11-02T00:00:00Z", "--to", "2026-11-01T00:00:00Z"),
        ("--kind", "everything"),
        ("--policy", "followup_target_seconds=1;DROP"),
        ("--python", "/no/such/python"),
    ):
        _refused(_cx(deployed, "replay", "plan", "--topic", survey, *more))
    assert not list(deployed.shell.folder.glob("*.json"))
    assert not list(deployed.shell.folder.glob("owned"))
    assert _standing(deployed) == before


def test_senseless_generations_are_refused(deployed: Bench) -> None:
    """Nothing but a generation's own name is one; what is served, or belongs to somebody else, is never dropped."""
    before = _standing(deployed)
    for name in (*_GENERATIONS, f"{deployed.told.database}_g1", f"{deployed.told.database}_meta", _NAMES[0], _NAMES[9]):
        for action in ("promote", "drop"):
            ended = _cx(deployed, "replay", action, "--yes", "--", name)
            if (action, name) == ("promote", f"{deployed.told.database}_g1"):
                assert "served already" in ended.out
            else:
                _refused(ended)
    for name in (_GENERATIONS[0], _NAMES[9]):
        _refused(_cx(deployed, "replay", "diff", "--", name))
    _refused(_cx(deployed, "replay", "back", "--yes"), told="nothing was served before")
    assert _standing(deployed) == before


def test_plans_that_nobody_wrote_are_refused(deployed: Bench) -> None:
    """A plan is a file, and files are edited, cut short, exchanged or missing."""
    folder = deployed.shell.folder
    deployed.shell.cx("replay", "plan", "--out", "right.json")
    text = (folder / "right.json").read_text()
    before = _standing(deployed)
    made = {
        "changed.json": text.replace('"rebuild"', '"repair"'),
        "cut.json": text[: len(text) // 2],
        "empty.json": "",
        "other.json": "[1, 2]",
        "null.json": text.replace("{", "{\x00", 1),
        "deep.json": "[" * 100_000,
    }
    for name, content in made.items():
        (folder / name).write_text(content)
        _refused(_cx(deployed, "replay", "run", name, "--yes"))
    for name in ("gone.json", ".", "/dev/null", "'; rm -rf x.json"):
        _refused(_cx(deployed, "replay", "run", name, "--yes"))
    for rate in ("-1", "nan", "many"):
        _refused(_cx(deployed, "replay", "run", "right.json", "--yes", "--rate", rate))
    assert _standing(deployed) == before
    for path in folder.glob("*.json"):
        path.unlink()


def test_two_operators_and_one_who_changes_their_mind(deployed: Bench) -> None:
    """Two at once must not fill one generation; Ctrl-C at any stage is a sentence, and the same command goes on."""
    shell = deployed.shell
    shell.cx("replay", "plan", "--out", "two.json")
    command = "cx replay run two.json --yes --rate 40"
    first = shell.start(command, TERM="dumb")
    begun = "SELECT count() FROM {cx}_meta.replay_log WHERE action = 'run' AND outcome = 'begun'"
    while deployed.ask(begun) == [[0]]:
        assert first.poll() is None
        time.sleep(0.05)
    _refused(_cx(deployed, "replay", "run", "two.json", "--yes"))
    first.send_signal(signal.SIGINT)
    _refused(Ended(command, *_ended(first)), told="goes on from there")
    rows = "SELECT sum(total_rows) FROM system.tables WHERE startsWith(database, '{cx}_g') AND name = 'response'"
    for stage in (begun, rows):
        before, again = deployed.ask(stage), shell.start(command)
        while again.poll() is None and deployed.ask(stage) == before:
            time.sleep(0.05)
        again.send_signal(signal.SIGINT)
        _refused(Ended(command, *_ended(again)), told="goes on from there")
    filled = json.loads(shell.cx("replay", "run", "two.json", "--yes", "--format", "json").out)
    listed = json.loads(shell.cx("replay", "list", "--format", "json").out)
    assert [each["state"] for each in listed] == ["served", "filled"]
    assert deployed.content(filled["generation"]) == deployed.content()
    audited = {outcome for (outcome,) in deployed.ask("SELECT outcome FROM {cx}_meta.replay_log WHERE action = 'run'")}
    assert {"begun", "failed", "done"} <= audited


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def test_piped_output_is_plain(deployed: Bench) -> None:
    """What a script reads must hold no colour, whatever the terminal is called."""
    for changes in ({"TERM": "dumb"}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}, {"FORCE_COLOR": "", "TERM": ""}):
        for arguments in (("replay", "list"), ("replay", "list", "--format", "json")):
            assert "\x1b" not in deployed.shell.cx(*arguments, **changes).out
