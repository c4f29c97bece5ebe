import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ingest.importing import Ready, RefusedError, Summary
from streams.ingest.mapping import parse
from streams.ingest.reader import FileError, read
from streams.ingest.translate import Event
from tests.support.imports import imported, ready

_MAPPING = parse("""
source: shop:main
once: [{event: survey_defined, id: [], fields: {account_id: a, occurred_at: 0}}]
rows:
  - event: response_submitted
    id: [NO]
    fields: {account_id: a, occurred_at: {column: AT, as: integer}, note: {column: NOTE}}
""")
_HEAD = b"NO,AT,NOTE\n"


def _run(folder: Path, content: bytes, *, reverse: bool = False) -> tuple[Summary, list[Event], list[str]]:
    file, rejects = folder / "rows.csv", folder / "rejects.csv"
    file.write_bytes(content)
    summary, events = imported(_MAPPING, file, rejects, reverse=reverse)
    text = rejects.read_text(encoding="utf-8-sig", errors="surrogateescape") if rejects.exists() else ""
    return summary, events, text.splitlines()


def test_bad_rows_are_counted_and_written_down_with_line_and_reason(tmp_path: Path) -> None:
    """A quoted cell may hold line ends, so the line is where the record starts in the file, not its ordinal."""
    content = _HEAD + b'1,5,"two\nlines"\n2,x,\n\n3,6\n4,7,ok\n'
    summary, events, rejects = _run(tmp_path, content)
    assert (summary.rows, summary.translated, summary.rejected, summary.events) == (4, 2, 2, 3)
    assert len(events) == 3
    assert rejects == [
        "_line,_reason,NO,AT,NOTE",
        "4,AT: 'x' is not a whole number,2,x,",
        "6,2 cells under 3 columns,3,6",
    ]


def test_mended_rejects_import_with_the_same_mapping(tmp_path: Path) -> None:
    """The rejects file is for mending and sending again: its two extra columns must not be in the way."""
    _, _, rejects = _run(tmp_path, _HEAD + b"1,x,n\n")
    summary, events, _ = _run(tmp_path, "\n".join(rejects).replace(",x,", ",5,").encode())
    assert summary.rejected == 0
    assert events[1].fields["note"] == "n"


def test_bytes_of_another_encoding_reject_their_row_alone(tmp_path: Path) -> None:
    """One Latin-1 cell in a million must neither end the import nor be guessed at; its bytes come back unchanged."""
    _run(tmp_path, _HEAD + b"1,5,caf\xe9\n2,5,ok\n")
    assert b"1,5,caf\xe9" in (tmp_path / "rejects.csv").read_bytes()
    summary, _, rejects = _run(tmp_path, _HEAD + b"1,5,caf\xe9\n2,5,ok\n")
    assert (summary.rejected, summary.translated) == (1, 1)
    assert "holds bytes that are not utf-8" in rejects[1]


def test_an_unclosed_quote_costs_its_own_line_alone(tmp_path: Path) -> None:
    """Rows behind a broken quote are no less good; the broken one stands in the rejects, to be mended there."""
    summary, _, rejects = _run(tmp_path, _HEAD + b'1,5,ok\n2,5,"open\n3,5,ok\n')
    assert (summary.rows, summary.translated, summary.rejected) == (3, 2, 1)
    assert rejects[1] == '3,line 3: a quote is opened and not closed where its cell ends,2,5,"""open"'
    mended = "\n".join(rejects).replace('"""open"', "closed")
    assert _run(tmp_path, mended.encode())[1][-1].fields["note"] == "closed"


def test_an_event_that_the_contract_refuses_rejects_its_row(tmp_path: Path) -> None:
    """The mapping can be sound and the event still break the contract; that is one bad row, not a crash."""
    file, rejects = tmp_path / "rows.csv", tmp_path / "rejects.csv"
    file.write_bytes(_HEAD + b"1,5,\n2,6,\n")

    def prepare(event: Event) -> Ready:
        if event.fields["occurred_at"] == 5:
            raise RefusedError("too early")
        return ready(event)

    summary, _ = imported(_MAPPING, file, rejects, prepare=prepare)
    assert (summary.rejected, summary.translated) == (1, 1)
    assert "2,too early,1,5," in rejects.read_text(encoding="utf-8-sig")


def test_rejects_of_an_earlier_import_do_not_stay(tmp_path: Path) -> None:
    """A clean import beside an old rejects file would look like one with rejects."""
    _run(tmp_path, _HEAD + b"1,x,\n")
    assert _run(tmp_path, _HEAD + b"1,5,\n")[2] == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "no header in its first line"),
        (b"A,B\n1,2\n", "which the file does not have"),
        (gzip.compress(_HEAD + b"1,5,\n" * 999, mtime=0)[:-20], "ended before the end-of-stream marker"),
    ],
)
def test_a_file_that_cannot_be_read_on_says_so(tmp_path: Path, content: bytes, sentence: str) -> None:
    """A truncated download must not pass for a complete import."""
    with pytest.raises(FileError, match=sentence):
        _run(tmp_path, content)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["5", "x", ""]), st.text(max_size=8)), max_size=8),
    st.booleans(),
)
def test_every_record_is_an_event_or_a_reject_in_either_direction(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str, str]], squeeze: bool
) -> None:
    """Rows = events + rejects for any file a CSV writer can write, gzipped or not, and twice is the same as once."""
    text = io.StringIO()
    csv.writer(text).writerows([("NO", "AT", "NOTE"), *rows])
    content = text.getvalue().encode("utf-8", "replace")
    folder = tmp_path_factory.mktemp("import")
    summary, events, rejects = _run(folder, gzip.compress(content) if squeeze else content)
    assert summary.rows == len(rows) == summary.translated + summary.rejected
    assert summary.events == summary.translated + 1 == len(events)
    assert bool(rejects) == bool(summary.rejected)
    assert _run(folder, content, reverse=True)[1] == events[::-1]


def test_the_reader_numbers_lines_as_an_editor_does(tmp_path: Path) -> None:
    """Line numbers are only useful if an editor shows the same ones, whatever ends the lines."""
    file = tmp_path / "rows.csv"
    file.write_bytes(b"A\r\n1\r\n\r\n2\r\n")
    assert [(line.number, line.cells) for line in read(file)] == [(1, ["A"]), (2, ["1"]), (4, ["2"])]
