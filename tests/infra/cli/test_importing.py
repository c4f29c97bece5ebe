"""`cx import` as it is typed, where it needs no server: the dry run, its exit status, and what it must not touch."""

import json
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra.cli import app, importing
from infra.sending import Sender
from infra.settings import Settings
from infra.wiring import Unreachable
from streams.ingest.importing import Summary

_MAPPING = """
source: shop:main
rows:
  - event: response_submitted
    id: [NO]
    fields:
      account_id: acme
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d"}
      submitted_at: {column: AT, as: time, format: "%Y-%m-%d"}
      response_id: {column: NO}
      survey_id: s
      survey_version: 1
      answers: [{needs: number, question_id: q, kind: NPS, number: {column: SCORE, as: number}}]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "mapping.yaml").write_text(_MAPPING)
    return tmp_path


def _cx(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", "mapping.yaml", *arguments])


@pytest.mark.parametrize(
    ("rows", "status", "counts"),
    [
        ("1,2024-01-01,9\n2,2024-01-01,8\n", 0, {"translated": 2, "rejected": 0, "repeated": 0}),
        ("1,2024-01-01,9\n1,2024-01-01,9\n", 0, {"translated": 2, "rejected": 0, "repeated": 1}),
        ("1,2024-01-01,9\n2,01.01.2024,8\n", 3, {"translated": 1, "rejected": 1}),
        ("1,2024-01-01,9\n2,2024-01-01,11\n", 3, {"translated": 1, "rejected": 1}),
        ("1,2024-01-01,9\n1,2024-01-01,8\n", 3, {"translated": 0, "rejected": 2}),
        ("1,01.01.2024,9\n2,02.01.2024,9\n", 3, {"translated": 0, "rejected": 2}),
    ],
)
def test_a_dry_run_counts_as_an_import_does_and_leaves_nothing(
    folder: Path, rows: str, status: int, counts: dict[str, int]
) -> None:
    """Given no server at all, then --check says what would be sent and rejected; a script sees it by the status."""
    (folder / "rows.csv").write_text("NO,AT,SCORE\n" + rows)
    result = _cx("rows.csv", "--check", "--format", "json")
    told = json.loads(result.stdout)
    assert (result.exit_code, {name: told[name] for name in counts}) == (status, counts)
    assert {path.name for path in folder.iterdir()} == {"mapping.yaml", "rows.csv"}


def test_people_read_what_repeats_and_what_is_rejected(folder: Path) -> None:
    """Given equal rows and a bad one, then both are said in words, with lines."""
    (folder / "rows.csv").write_text("NO,AT,SCORE\n1,2024-01-01,9\n1,2024-01-01,9\n2,2024-01-01,11\n")
    result = _cx("rows.csv", "--check")
    assert "3 rows, 2 translated, 0 filtered, 1 rejected, 2 events" in result.stdout
    assert "1 of the rows repeat earlier ones and count once, such as line 3 after line 2" in result.stdout
    assert "score_out_of_scale" in result.stdout
    assert "all of them" not in result.stdout


@pytest.mark.parametrize("name", ["rows.csv", "mapping.yaml", "precious.txt"])
def test_a_file_of_rejects_replaces_nothing_else(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given --rejects with a name that is taken, then the file stays, and nothing is sent."""
    monkeypatch.setattr(importing, "located", Settings)
    content = "NO,AT,SCORE\n1,2024-01-01,9\n"
    (folder / "rows.csv").write_text(content)
    (folder / "precious.txt").write_text("the only copy")
    before = (folder / name).read_bytes()
    result = _cx("rows.csv", "--rejects", name)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "is a file of this import" in result.stderr or "exists and is no file of rejects" in result.stderr
    assert (folder / name).read_bytes() == before


class _Away(Sender):
    """A sender whose broker goes away after so many records."""

    left = 2

    def __init__(self, _: Settings, *, load: bool) -> None:
        assert load
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Have nothing to close."""

    def encode(self, event_type: str, fields: object) -> bytes:
        return repr((event_type, fields)).encode()

    def record(self, *_: Any, **__: Any) -> None:
        if self.sent == self.left:
            raise self.error
        self.sent += 1

    error: BaseException = Unreachable("Kafka did not take a record: away")


@pytest.mark.parametrize(
    ("error", "status"), [(Unreachable("Kafka did not take a record: away"), 1), (KeyboardInterrupt(), 130)]
)
def test_an_import_that_is_cut_short_says_how_far_it_came(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int
) -> None:
    """Given a broker that goes away, or Ctrl-C, then events and rows so far are said, and that it may be repeated."""
    monkeypatch.setattr(importing, "located", Settings)
    monkeypatch.setattr(importing, "Sender", _Away)
    monkeypatch.setattr(_Away, "error", error)
    (folder / "rows.csv").write_text("NO,AT,SCORE\n" + "".join(f"{number},2024-01-01,9\n" for number in range(9)))
    result = _cx("rows.csv")
    assert result.exit_code == status
    assert "2 events of 3 rows were handed over; import the file again" in result.stderr


def test_progress_is_said_where_no_terminal_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given output that goes to a file, then a line now and then says how far a long import is."""
    monkeypatch.setattr(importing, "_SELDOM_S", 0.0)
    with importing._progress("rows.csv") as advance:
        advance(Summary(checked=1_500))
        advance(Summary(checked=3_000, rows=1_000, events=2_000))
    told = capsys.readouterr().err.splitlines()
    assert told == ["rows.csv: 1,500 rows looked through", "rows.csv: 1,000 of 3,000 rows, 2,000 events"]
