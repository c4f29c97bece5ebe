"""cx replay diff, promote, back, drop and list: what they say before, what they refuse, and what they leave behind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra import local, wiring
from infra.cli import app
from infra.deployment import environment
from infra.sending import Sender
from infra.settings import Settings
from sinks import generations, promotion, replays
from sinks.holders import myself
from streams.replay.plan import canonical, unseal

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
Cx = Callable[..., Result]
_NAMES = (
    "cx_g1; DROP DATABASE cx",
    "'; DROP TABLE x --",
    "`cx`.response",
    'a"b',
    "\\",
    "%(x)s {} %s",
    "../../etc/passwd",
    "cx_g\N{FULLWIDTH DIGIT ONE}",
    "[bold]cx_g1[/bold]",
    "x" * 300,
)


@pytest.fixture
def cx(here: Settings, monkeypatch: pytest.MonkeyPatch) -> Cx:
    """Run `cx replay` on servers with tables and an event, and no worker anywhere; checks the exit status."""
    local.prepare(here)
    with Sender(here) as sender:
        told = {"event_id": "6f1c1a53-6a5c-4a52-9a53-0d3c1b1c6a01", "source": "app:main", "account_id": "acme"}
        sender.event("account_upserted", {**told, "occurred_at": 1_700_000_000_000_000, "name": "Acme"})
    for name, value in environment(here).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(app, ("replay", *arguments))
        assert result.exit_code == status, result.output
        return result

    return run


def _fill(cx: Cx, tmp_path: Path, *options: str) -> str:
    file = str(tmp_path / f"{len(list(tmp_path.iterdir()))}.json")
    cx("plan", "--out", file, *options)
    return str(json.loads(cx("run", file, "--yes", "--processes", "1", "--format", "json").stdout)["generation"])


def _states(cx: Cx) -> dict[str, str]:
    return {
        row["generation"].rpartition("_")[2]: row["state"] for row in json.loads(cx("list", "--format", "json").stdout)
    }


def _refused(cx: Cx, *arguments: str) -> str:
    """What a refusal says: one sentence, and nothing on standard output."""
    done = cx(*arguments, status=1)
    lines = done.stderr.splitlines()
    assert [line.startswith("cx: ") for line in lines].count(True) == 1, done.stderr
    assert "Traceback" not in done.output
    return str(lines[-1])


def _log(here: Settings) -> list[replays.Action]:
    client = wiring.clickhouse(here)
    found = replays.audited(client, wiring.warehouse(here))
    client.disconnect()
    return found[::-1]


def test_from_first_look_to_the_way_back_and_the_end(cx: Cx, here: Settings, tmp_path: Path) -> None:
    """The whole story in the words of the commands: each says what it would do, does it when told, and is logged."""
    second = _fill(cx, tmp_path)
    first = f"{here.database}_g1"
    assert "nobody has compared" in _refused(cx, "promote", second)
    looked = json.loads(cx("diff", "--format", "json").stdout)
    assert (looked["generation"], looked["compared_with"], looked["equal"]) == (second, first, False)
    extra = {each["table"]: each["extra"] for each in looked["tables"] if each["extra"]}
    assert extra == {"account_health": 2, "account_history": 1, "account_now": 1, "event": 1, "metric_change": 1}
    shown = cx("diff", second).stdout
    assert 'account_history: extra ["acme"' in shown
    assert "tables are the same" in shown
    assert "dispute" not in shown, "of many tables a person sees those that differ"
    assert f"what {first} has, which is served -> what {second} has instead" in shown
    foretold = cx("promote", second).stdout
    assert f"point every view at {second} instead of {first}" in foretold
    assert foretold.rstrip().endswith(f"to do it: cx replay promote {second} --yes")
    assert _states(cx) == {"g1": "served", "g2": "filled"}
    assert f"{second} is served now; {first} is kept, and `cx replay back`" in cx("promote", second, "--yes").stdout
    assert _states(cx) == {"g1": "former", "g2": "served"}
    assert "is served already" in cx("promote", second, "--yes").stdout
    assert "0 rows that they wrote" in cx("back").stdout
    assert "--no-way-back drops it even so" in _refused(cx, "drop", first, "--yes")
    assert "--no-way-back drops it even so" in _refused(cx, "drop", first, first, "--yes")  # once the way to do it
    cx("back", "--yes")
    assert _states(cx) == {"g1": "served", "g2": "taken back"}
    assert "served and taken back" in _refused(cx, "promote", second, "--yes", "--accept-differences")
    assert "there is no way back" in _refused(cx, "back", "--yes")
    assert "cannot be undone" in cx("drop", second).stdout
    cx("drop", second, "--yes")
    assert _states(cx) == {"g1": "served"}
    assert "was dropped" in _refused(cx, "promote", second)
    done = [(each.action, each.outcome) for each in _log(here) if each.outcome in ("done", "refused")]
    assert done == [
        ("run", "done"),
        ("diff", "done"),
        ("diff", "done"),
        ("promote", "done"),
        ("drop", "refused"),
        ("drop", "refused"),
        ("back", "done"),
        ("promote", "refused"),
        ("back", "refused"),
        ("drop", "done"),
    ]
    assert all("@" in each.actor for each in _log(here))


def test_no_name_is_more_than_a_name(cx: Cx, here: Settings) -> None:
    """Names come from a tired hand or a script; whatever they hold, it is told back and nothing else happens."""
    for name in _NAMES:
        for command in (("diff", name), ("promote", name, "--yes"), ("drop", name, "--no-way-back", "--yes")):
            assert "there is no generation" in _refused(cx, *command)
    assert _states(cx) == {"g1": "served"}
    assert [(each.outcome, each.generation) for each in _log(here)[-2:]] == [("refused", _NAMES[-1])] * 2


def test_what_must_not_be_served_or_dropped_is_refused(cx: Cx, here: Settings, tmp_path: Path) -> None:
    """Each refusal names its reason and the command that helps."""
    first = f"{here.database}_g1"
    assert "what the views read from" in _refused(cx, "drop", first, "--no-way-back", "--yes")
    assert "served already" in cx("promote", first, "--yes").stdout
    assert "there is nothing to compare" in _refused(cx, "diff")
    assert "is what is served" in _refused(cx, "diff", first)
    other = _fill(cx, tmp_path, "--policy", "followup_target_seconds=60")
    assert "is a what-if" in _refused(cx, "promote", other, "--yes", "--accept-differences")
    rebuilt = _fill(cx, tmp_path)
    assert "differs in metric_change, account_history" in _refused(cx, "promote", rebuilt, "--yes", "--if-equal")
    client, warehouse = wiring.clickhouse(here), wiring.warehouse(here)
    replays.fail(client, warehouse, rebuilt, "the disk was full")
    assert "failed (the disk was full)" in _refused(cx, "promote", rebuilt, "--accept-differences")
    replays.heartbeat(client, warehouse, rebuilt, records=1, total=2)
    assert "is being filled" in _refused(cx, "promote", rebuilt, "--accept-differences")
    assert "is being filled" in _refused(cx, "drop", rebuilt, "--yes")
    unknown = generations.create(client, warehouse)
    assert "was not filled by a replay" in _refused(cx, "promote", unknown)
    assert _states(cx)[unknown.rpartition("_")[2]] == "unfinished"
    assert "what the views read from" in _refused(cx, "drop", unknown, first, "--no-way-back", "--yes")
    assert unknown in {row["generation"] for row in json.loads(cx("list", "--format", "json").stdout)}
    foretold = cx("drop", other, unknown).stdout
    assert f"1. drop {other} with all its rows" in foretold
    assert f"2. drop {unknown} with all its rows" in foretold
    assert f"dropped: {other}, {unknown}" in cx("drop", other, unknown, "--yes").stdout
    assert not {other, unknown} & {row["generation"] for row in json.loads(cx("list", "--format", "json").stdout)}
    assert promotion.served(client, warehouse).order == (first,)
    client.disconnect()


@pytest.mark.parametrize("kind", ["merge", "rebuild"])
def test_what_a_kill_has_left_can_be_dropped(cx: Cx, here: Settings, tmp_path: Path, kind: replays.Kind) -> None:
    """Nobody may want to finish what was cut short, and its rows must not lie about for ever."""
    client, warehouse = wiring.clickhouse(here), wiring.warehouse(here)
    file = tmp_path / "plan.json"
    cx("plan", "--out", str(file))
    plan = unseal(file.read_bytes(), "plan")
    left = generations.create(client, warehouse)
    text = canonical(plan).decode() if kind == "rebuild" else '{"base": "a", "repair": "b"}'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replays, "myself", lambda: msgspec.structs.replace(myself(), started=0.0))
        replays.begin(client, warehouse, left, plan_hash="p", kind=kind, accounts=(), plan=text)
    client.disconnect()
    assert _states(cx)["g2"] == "cut short"
    cx("drop", left, "--yes")
    assert _states(cx) == {"g1": "served"}


def test_a_new_look_is_needed_after_new_content(cx: Cx, here: Settings, tmp_path: Path) -> None:
    """What was looked at is what is served: filled again, or beside other tables, it is something else."""
    second = _fill(cx, tmp_path)
    cx("diff", second)
    cx("promote", second)
    client, warehouse = wiring.clickhouse(here), wiring.warehouse(here)
    replays.finish(client, warehouse, second, records=5)
    client.disconnect()
    assert "nobody has compared" in _refused(cx, "promote", second)


def test_json_is_for_machines(cx: Cx, here: Settings, tmp_path: Path) -> None:
    """A script reads whether anything was done, and nothing but JSON stands on standard output."""
    second = _fill(cx, tmp_path)

    def asked(*arguments: str) -> Any:
        return json.loads(cx(*arguments, "--format", "json").stdout)

    asked("diff", second)
    assert (asked("promote", second)["did"], asked("promote", second, "--yes")["did"]) == (False, True)
    assert asked("promote", second, "--yes")["did"] is False
    assert (asked("back")["did"], asked("back", "--yes")["former"]) == (False, f"{here.database}_g1")
    assert (asked("drop", second)["did"], asked("drop", second, "--yes")["did"]) == (False, True)
