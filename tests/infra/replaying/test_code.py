import sys
from pathlib import Path

import pytest

from infra.cli.replay_progress import told
from infra.replaying import code
from infra.replaying.fleet import Progress
from streams.replay.errors import PlanError


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


def test_the_time_left_counts_only_what_this_run_has_done() -> None:
    """After a kill most records are kept: counting them as done in a second would promise the rest in no time."""
    progress = Progress(records=6_000, total=10_000, rows=1, kept=5_000)
    assert told(progress, 10.0) == "6,000 of 10,000 records, 100/s, about 40 s left"
    assert told(Progress(total=10), 1.0) == "0 of 10 records, 0/s"
