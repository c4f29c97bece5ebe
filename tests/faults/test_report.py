"""What a run notes and prints: figures that nobody can read, or that outlive their code, would be worth nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults import __main__ as program
from tests.faults import report, suite
from tests.faults.scenario import Outcome
from tests.faults.verdict import Verdict


def row(**fields: Any) -> dict[str, Any]:
    outcome = Outcome(produced=10, acknowledged=10, recoveries=[3.0, 1.0, 2.0])
    outcome.faults["SIGKILL"] = 3
    plain = {"scenario": "G1", "revision": 1, "size": "short", "seed": 1, "version": "c0de", "at": "2026-11-22 01:02"}
    return {**plain, "rounds": 1, "took": 5, **outcome.row(), "control": {}, **fields}


def test_rounds_add_up() -> None:
    """A scenario's row is all of its rounds: one bad round among ten must show."""
    total, bad = Outcome(), Outcome()
    bad.take(Verdict(lost=1, duplicated=2, wrong=3, problems=["gone"]))
    for each in (Outcome(produced=5), bad):
        total.add(each)
    assert (total.lost, total.duplicated, total.wrong, total.produced) == (1, 2, 3, 5)
    assert not total.clean
    assert total.row()["failures"] == ["gone"]


def test_the_control_group_stands_below_its_scenario() -> None:
    lines = report.table([row(control={"exactly_once": Outcome(acknowledged=9, duplicated=4).row()})]).splitlines()
    assert lines[2].startswith("| G1 | an acknowledged event")
    assert "2.0 / 3.0" in lines[2]
    assert lines[3] == "| | Faust, exactly once | the same | 3 | 9 | 0 | 4 | 0 | | |"


def test_a_failure_is_not_hidden_by_zeros() -> None:
    """A worker that should have ended and did not loses no event, and has still broken the promise."""
    broken = row(failures=["it ran on"])
    assert not report.clean(broken)
    assert "**failed**" in report.table([broken])
    assert "it ran on" in report.line(broken)


def test_a_document_gets_the_table_and_keeps_the_rest(tmp_path: Path) -> None:
    document = tmp_path / "figures.md"
    document.write_text(f"above\n{report.BEGIN}\nold\n{report.END}\nbelow\n")
    for _ in range(2):
        report.document(document, [row()], "short", 1)
    text = document.read_text()
    assert text.startswith("above\n")
    assert text.endswith("\nbelow\n")
    assert "old" not in text
    assert text.count("| G1 |") == 1
    assert "--seed 1 --volume short" in text


def test_a_new_row_replaces_the_one_before_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results are resumed from: other seeds, volumes and scenarios stay, the same one is not noted twice."""
    monkeypatch.setattr(program, "RESULTS", tmp_path / "build" / "faults.json")
    for each in (row(), row(seed=2), row(scenario="G2"), row(version="other", lost=1)):
        program.note(each)
    assert [(r["scenario"], r["seed"], r["lost"]) for r in program.noted()] == [
        ("G1", 2, 0),
        ("G2", 1, 0),
        ("G1", 1, 1),
    ]


def test_the_document_names_every_scenario() -> None:
    """docs/reliability.md says what each scenario does; one that is missing there is one that nobody knows of."""
    text = (suite.ROOT / "docs" / "reliability.md").read_text()
    assert report.BEGIN in text
    assert report.END in text
    for scenario in suite.SCENARIOS:
        assert f"| {scenario.name} |" in text, scenario.name
        assert set(scenario.volumes) == {"short", "medium", "release"}
