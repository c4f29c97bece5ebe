import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.cli.replay_progress import told
from infra.replaying import code, running
from infra.replaying.fleet import Progress
from streams.replay.errors import PlanError
from streams.replay.plan import Plan

_PLAN: dict[str, Any] = {
    "kind": "what-if",
    "deployment": {"cluster": "c", "topics": {}, "database": "cx"},
    "stretches": [],
    "code": "x",
    "cost": {"records": 0, "passed_over": 0, "bytes": 0, "rows": {}, "seconds": 0},
    "created_at": "",
}


def test_the_same_code_has_the_same_fingerprint_under_any_interpreter(tmp_path: Path) -> None:
    """A plan holds for one version of the code; where it runs must not matter."""
    root = Path(code.__file__).parents[2]
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert code.of(str(python)) == code.of("") == code.fingerprint()


def test_an_interpreter_without_cx_is_one_sentence(tmp_path: Path) -> None:
    """The wrong path must not end in another program's traceback."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "no such module" >&2\nexit 1\n')
    python.chmod(0o755)
    with pytest.raises(PlanError, match=r"has no cxledger that can replay: no such module$"):
        code.of(str(python))


@pytest.mark.intrusion("S7")
def test_another_interpreter_is_given_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is asked for a fingerprint needs no password."""
    monkeypatch.setenv("CX_CLICKHOUSE_PASSWORD", "hush")
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nenv | grep -c ^CX_\n")
    python.chmod(0o755)
    with pytest.raises(PlanError, match="has no cxledger"):  # nothing was counted, so grep ends with status 1
        code.of(str(python))


@pytest.mark.intrusion("S7")
@pytest.mark.parametrize(
    ("planned", "said", "refused"),
    [
        ("", "", False),
        ("/opt/cx/python", "/opt/cx/python", False),
        ("/opt/cx/python", "", True),
        ("/opt/cx/python", "/opt/cx/python3", True),
        ("/opt/cx/../evil/python", "/opt/evil/python", True),
        ("", "/opt/cx/python", True),
    ],
)
def test_what_a_plan_would_run_is_said_again(planned: str, said: str, *, refused: bool) -> None:
    """The seal is a hash that everybody can compute: it does not say who made the plan."""
    plan = msgspec.convert({**_PLAN, "python": planned}, Plan)
    with pytest.raises(PlanError, match="with your rights") if refused else nullcontext():
        running.require_said(plan, said)


def test_the_time_left_counts_only_what_this_run_has_done() -> None:
    """After a kill most records are kept: counting them as done in a second would promise the rest in no time."""
    progress = Progress(records=6_000, total=10_000, rows=1, kept=5_000)
    assert told(progress, 10.0) == "6,000 of 10,000 records, 100/s, about 40 s left"
    assert told(Progress(total=10), 1.0) == "0 of 10 records, 0/s"
