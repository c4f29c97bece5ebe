"""What customers and senders write can be shown and cannot act: on terminals, in JSON, in spreadsheets, in folders."""

import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from infra import private
from infra.cli import output
from infra.cli.output import Format, Harmless
from infra.embedded import checks
from infra.embedded.process import launch, own
from infra.printable import harmless, in_json, visible
from streams.live.store.rocks import RocksStore

ODD = (
    "\x1b]0;me\x07",
    "\x1b[2J",
    "\x9b31m",
    "\u202egpj",
    "\u2066x",
    "\u200b",
    "\x00",
    "\x7f",
    "\r",
    "\x08",
    "\u2028",
)
TEXTS = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(ODD)


def acts(text: str) -> bool:
    """Tell whether a terminal would do anything but show the text."""
    return any(not each.isprintable() and each not in "\n\t" for each in text)


@pytest.mark.intrusion("S9")
@given(TEXTS)
def test_no_text_acts_on_a_terminal(text: str) -> None:
    """And what is printable stays as it was written."""
    assert not acts(harmless(text))
    assert not acts(visible(text, 2_000))
    assert "\n" not in visible(text, 2_000)
    if text.isprintable():
        assert harmless(text) == text


@pytest.mark.intrusion("S9")
@given(TEXTS)
def test_json_says_the_same_and_does_not_act_either(text: str) -> None:
    """Operators read JSON on terminals, too."""
    document = json.dumps({text: [text]}, ensure_ascii=False)
    assert not acts(in_json(document))
    assert json.loads(in_json(document)) == json.loads(document)


@pytest.mark.intrusion("S9")
@pytest.mark.parametrize("text", ODD)
def test_nothing_that_is_printed_acts(text: str) -> None:
    """Whatever the text is put into on its way: a sentence, a title, a cell, a panel."""
    kept = io.StringIO()
    screen = Harmless(file=kept, soft_wrap=True, force_terminal=False)
    screen.print(escape(text), highlight=False)
    screen.print(f"[bold]{escape(text)}[/bold]")
    screen.print(Text(text))
    screen.print(Panel(Text(text), title=escape(text)))
    screen.print(output.grid(text, [text], [[text]]))
    screen.print(output.table([text], [[text]], [False]))
    assert not acts(kept.getvalue())


@pytest.mark.intrusion("S9")
@pytest.mark.parametrize("form", list(Format))
def test_no_row_acts(form: Format, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV is whole where a program reads it, and harmless where it is shown."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(output, "out", Harmless(soft_wrap=True, force_terminal=False))
    output.rows(form, ["name"], [[text] for text in ODD])
    assert not acts(capsys.readouterr().out)


@pytest.mark.intrusion("S17")
@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")', "-"]
)
def test_no_cell_of_a_spreadsheet_is_a_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that a customer chose would be computed by whoever opens the file."""
    output.rows(Format.SPREADSHEET, ["name", "value"], [[text, -5], ["plain", -5.5]])
    shown = capsys.readouterr().out
    assert f"'{text[0]}" in shown
    assert ",-5\n" in shown
    assert "\nplain,-5.5\n" in shown


@pytest.mark.intrusion("S16")
def test_a_file_is_its_owner_s_and_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    """Plans and exports hold keys, places and bytes of customers."""
    file = tmp_path / "export.jsonl"
    with private.written(file) as lines:
        assert [each.stat().st_mode & 0o077 for each in tmp_path.iterdir()] == [0]
        lines.write("one")
    assert (file.read_text(), file.stat().st_mode & 0o077) == ("one", 0)
    with pytest.raises(FileExistsError), private.written(file) as lines:
        lines.write("two")
    with private.written(file, lambda _: True) as lines:
        lines.write("three")
    assert file.read_text() == "three"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.intrusion("S16")
@pytest.mark.parametrize("kind", ["link to a file", "link to nothing", "link to a folder", "folder"])
def test_no_link_is_followed(tmp_path: Path, kind: str) -> None:
    """In a folder that others write to, a link in the place of the file leads to whatever its maker likes."""
    target, file = tmp_path / "target", tmp_path / "plan.json"
    if kind == "link to a file":
        target.write_text("precious")
    if kind == "link to a folder":
        target.mkdir()
    if kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(target)
    with pytest.raises(FileExistsError, match="is there already"), private.written(file, lambda _: True) as lines:
        lines.write("mine")
    assert not target.is_file() or target.read_text() == "precious"


@pytest.mark.intrusion("S16")
@pytest.mark.parametrize("moment", ["while it is written", "after the last look"])
def test_somebody_who_is_quicker_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Between a look at the name and the next step, somebody may take it."""
    file, looks = tmp_path / "plan.json", 0
    look = private.require_free

    def looked(*given: Any) -> bool:
        nonlocal looks
        found, looks = look(*given), looks + 1
        if looks == 2:
            file.write_text("theirs")
        return found

    if moment == "after the last look":
        monkeypatch.setattr(private, "require_free", looked)

    def write() -> None:
        with private.written(file) as lines:
            lines.write("mine")
            if moment == "while it is written":
                file.write_text("theirs")

    with pytest.raises(FileExistsError):
        write()
    assert file.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.intrusion("S11")
def test_nobody_else_enters_what_is_made_for_state(tmp_path: Path) -> None:
    """State holds what customers said; on a machine of several users it must not lie open."""
    home = tmp_path / "made" / "cx"
    checks.make_private(home)
    store = RocksStore(home / "state" / "survey-0")
    store.put_all({b"k": b"v"})
    store.close()
    folders = (tmp_path / "made", home, home / "state" / "survey-0")
    assert [folder for folder in folders if folder.stat().st_mode & 0o077] == []
    home.chmod(0o755)
    checks.make_private(home)
    assert home.stat().st_mode & 0o077 == 0


@pytest.mark.intrusion("S11")
def test_what_is_launched_writes_for_its_owner_alone(tmp_path: Path) -> None:
    """Servers and workers make thousands of files: their umask makes each of them private."""
    old = os.umask(0o022)
    try:
        with own("test", tmp_path) as lock:
            command = [sys.executable, "-c", "open('made', 'w').close()"]
            started = launch(lock, "test", command, tmp_path, environment={}, output=tmp_path / "log", detach=True)
        while started.alive():
            time.sleep(0.02)
    finally:
        os.umask(old)
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0
