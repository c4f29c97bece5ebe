"""What real exports did to an import, each as given, when, then: nothing merged, lost or sent in silence."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from schemas.codec import Codec, InvalidEventError
from streams.emit.admission import admitted
from streams.ingest.importing import Import, Ready, RefusedError, Summary
from streams.ingest.mapping import MappingError, parse
from streams.ingest.reader import FileError
from streams.ingest.translate import Event
from tests.support.imports import imported

_CODEC = Codec()
_NOW = 1_793_534_400_000_000
_RESPONSES = """
source: case:responses
rows:
  - event: response_submitted
    id: [ID]
    fields:
      account_id: acme
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d"}
      submitted_at: {column: AT, as: time, format: "%Y-%m-%d"}
      response_id: {template: "{ID}"}
      survey_id: s
      survey_version: 1
      answers:
        - {needs: number, question_id: q, kind: CSAT, number: {column: SCORE, as: number}}
"""
_INVOICES = """
source: case:invoices
rows:
  - event: invoice_issued
    id: [INVOICE]
    fields:
      account_id: {template: "shop-{CUSTOMER}"}
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d"}
      issued_at: {column: AT, as: time, format: "%Y-%m-%d"}
      invoice_id: {column: INVOICE}
      total: {column: TOTAL, as: money, exponent: 2}
      currency: USD
      exponent: 2
"""


def _import(
    folder: Path, text: str, content: str | bytes, name: str = "input.csv"
) -> tuple[Summary, list[Event], list[str]]:
    file, rejects = folder / name, folder / "rejects.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    mapping = parse(text)

    def prepare(event: Event) -> Ready:
        try:
            return Ready(event, admitted(_CODEC, event.type, event.fields, _NOW))
        except InvalidEventError as error:
            raise RefusedError(str(error)) from None

    summary, events = imported(mapping, file, rejects, prepare=prepare)
    lines = rejects.read_text(mapping.encoding).splitlines() if rejects.exists() else []
    return summary, events, lines


def _counts(summary: Summary) -> tuple[int, int, int, int]:
    return summary.rows, summary.translated, summary.rejected, summary.events


def test_rows_of_one_id_with_two_contents_are_found_before_anything_is_sent(tmp_path: Path) -> None:
    """Given two rows that make different events of one id, then neither is sent and each names the other."""
    summary, events, rejects = _import(tmp_path, _RESPONSES, "ID,AT,SCORE\n1,2024-01-01,5\n1,2024-01-01,3\n")
    assert (_counts(summary), events) == ((2, 0, 2, 0), [])
    assert rejects[1:] == [
        "2,line 3 makes another event under the same id,1,2024-01-01,5",
        "3,line 2 makes another event under the same id,1,2024-01-01,3",
    ]


def test_which_of_three_rows_is_right_is_not_decided_by_their_order(tmp_path: Path) -> None:
    """Given equal rows and a third one that contradicts them, then none of the three is sent."""
    content = "ID,AT,SCORE\n1,2024-01-01,5\n2,2024-01-01,4\n1,2024-01-01,5\n1,2024-01-01,3\n"
    summary, events, _ = _import(tmp_path, _RESPONSES, content)
    assert (_counts(summary), summary.repeated) == ((4, 1, 3, 1), 0)
    assert [event.fields["response_id"] for event in events] == ["2"]


def test_equal_rows_are_counted_and_told_apart_where_they_are_genuine(tmp_path: Path) -> None:
    """Given two equal rows, then a count says so; with _copy in the id they are two, whatever their order."""
    content = "ID,AT,SCORE\n1,2024-01-01,5\n2,2024-01-01,4\n1,2024-01-01,5\n"
    summary, _, _ = _import(tmp_path, _RESPONSES, content)
    assert (_counts(summary), summary.repeated, summary.example) == ((3, 3, 0, 3), 1, (4, 2))
    text = _RESPONSES.replace("id: [ID]", "id: [ID, _copy]").replace('"{ID}"', '"{ID}-{_copy}"')
    summary, events, _ = _import(tmp_path, text, content)
    assert (_counts(summary), summary.repeated) == ((3, 3, 0, 3), 0)
    assert [event.fields["response_id"] for event in events] == ["1-1", "2-1", "1-2"]
    turned = "ID,AT,SCORE\n" + "".join(f"{line}\n" for line in reversed(content.splitlines()[1:]))
    ids = {event.fields["event_id"] for event in events}
    assert {event.fields["event_id"] for event in _import(tmp_path, text, turned)[1]} == ids


def test_what_every_row_says_again_is_no_repeated_row(tmp_path: Path) -> None:
    """Given rows that also state their account, then only rows without anything of their own count as repeated."""
    account = """  - event: account_upserted
    id: [CUSTOMER]
    fields: {account_id: {column: CUSTOMER}, occurred_at: 946684800000000, name: {column: CUSTOMER}}
"""
    content = "INVOICE,AT,CUSTOMER,TOTAL\n1,2024-01-01,17,5\n2,2024-01-01,17,5\n2,2024-01-01,17,5\n"
    summary, _, _ = _import(tmp_path, _INVOICES + account, content)
    assert (summary.translated, summary.events, summary.repeated, summary.example) == (3, 6, 1, (4, 3))


def test_an_empty_column_in_a_template_is_a_reject(tmp_path: Path) -> None:
    """Given invoices of unknown customers, then they do not gather in one account that nobody has."""
    content = "INVOICE,AT,CUSTOMER,TOTAL\n1,2024-01-01,17,5.00\n2,2024-01-01,,5.00\n3,2024-01-01,,7.00\n"
    summary, events, rejects = _import(tmp_path, _INVOICES, content)
    assert _counts(summary) == (3, 1, 2, 1)
    assert "CUSTOMER: empty, but account_id is made from it" in rejects[1]
    assert [event.fields["account_id"] for event in events] == ["shop-17"]


@pytest.mark.parametrize(
    ("words", "account"),
    [
        ('absent: ["", "shop-"], default: shop-anonymous', "shop-anonymous"),
        ("empty: absent, default: shop-anonymous", "shop-anonymous"),
        ("empty: keep", "shop-"),
    ],
)
def test_what_an_empty_column_means_can_be_said(tmp_path: Path, words: str, account: str) -> None:
    """Given a word for it in the mapping, then an empty customer is what the mapping says, and no reject."""
    text = _INVOICES.replace('"shop-{CUSTOMER}"', f'"shop-{{CUSTOMER}}", {words}')
    _, events, _ = _import(tmp_path, text, "INVOICE,AT,CUSTOMER,TOTAL\n2,2024-01-01,,5.00\n")
    assert [event.fields["account_id"] for event in events] == [account]


@pytest.mark.parametrize(
    ("words", "cell", "number"),
    [
        ('as: number, decimal: ","', "4,5", 4.5),
        ('as: number, decimal: ",", group: "."', "1.234,5", 1234.5),
        ('as: number, decimal: ",", group: "."', "-12.345", -12345.0),
        ("as: number, group: ' '", "12 345.25", 12345.25),
        ('as: number, decimal: ","', "1,5e3", 1500.0),
        ('as: number, decimal: ","', "1.5", None),
        ('as: number, decimal: ",", group: "."', "1.23", None),
        ("as: integer, group: ' '", "1 000", 1000.0),
        ("as: integer, group: ' '", "10 00", None),
    ],
)
def test_numbers_have_their_marks_too(tmp_path: Path, words: str, cell: str, number: float | None) -> None:
    """Given a decimal comma, then 4,5 is read where the mapping says so, and nothing else is guessed."""
    text = _RESPONSES.replace("as: number", words).replace("\nrows:", '\ndelimiter: ";"\nrows:')
    file = tmp_path / "input.csv"
    file.write_text(f"ID;AT;SCORE\n1;2024-01-01;{cell}\n")
    summary, events = imported(parse(text), file, None)
    found = [event.fields["answers"][0]["number"] for event in events]
    assert (found, summary.rejected) == (([], 1) if number is None else ([number], 0))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("as: number", 'as: text, decimal: ","'), "`decimal` means nothing beside `as: text`"),
        (("as: number", 'as: integer, decimal: ","'), "`decimal` means nothing beside `as: integer`"),
        (("as: number", "as: number, zone: Europe/Berlin"), "`zone` means nothing beside `as: number`"),
        (("as: number", "as: number, empty: keep"), "`empty` is for a template"),
        (("    id: [ID]\n", "    id: [ID]\n    id: [AT]\n"), "the key 'id' stands twice, in lines 5 and 6"),
        (("survey_version: 1", "survey_version: 1\n      survey_version: 2"), "the key 'survey_version' stands twice"),
        (("    id: [ID]\n", "    id: [ID]\n    each: [{a: b}]\n"), "`each` is for events sent once"),
        (("source:", "encoding: rot13\nsource:"), "'rot13' is no encoding of text files"),
        (("source:", "encoding: punycode\nsource:"), "'punycode' is no encoding of text files"),
        (("source:", "encoding: latin-99\nsource:"), "'latin-99' is no encoding of text files"),
        (("source: case", "source: !!int case"), "a value that cannot be read"),
    ],
)
def test_what_a_mapping_says_in_vain_is_refused(change: tuple[str, str], sentence: str) -> None:
    """Given a word that would be read over, or one that stands twice, then the mapping is refused by its name."""
    assert change[0] in _RESPONSES
    with pytest.raises(MappingError) as caught:
        parse(_RESPONSES.replace(*change, 1))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_codes_that_look_like_other_numbers_stay_codes() -> None:
    """Given codes such as 010 and 1:30, which older YAML reads as 8 and 90, then they are the texts of the file."""
    text = _RESPONSES.replace("{column: SCORE, as: number}", '{column: SCORE, map: {010: "1", 1:30: "2", 7: "3"}}')
    value = parse(text).rows[0].fields["answers"]
    assert [*value.values[0].fields["number"].map] == ["010", "1:30", "7"]  # type: ignore[union-attr]


_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (_BOMB, "more than 100,000 values, aliases followed"),
        ("a: &a [*a]", "nested deeper than 50 levels"),
        ("[" * 1_000, "nested deeper than 50 levels"),
        ("- " * 60 + "x", "nested deeper than 50 levels"),
        ("# " + "x" * (1 << 20), "more than 1,048,576 characters"),
        ("x: " + "9" * 10_000, "unknown field `x`"),
        ("", "the file is empty"),
        ("a: 1\n---\nb: 2", "expected a single document"),
        ("a: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
        ("a: \x1b", "special characters are not allowed"),
    ],
)
def test_no_mapping_takes_long_or_ends_in_a_traceback(text: str, sentence: str) -> None:
    """Given ten lines that stand for billions of values, or anything odd, then one sentence, at once."""
    with pytest.raises(MappingError) as caught:
        parse(text)
    assert sentence in str(caught.value)


def _book(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            _book("[Content_Types].xml", "xl/workbook.xml"),
            "is no CSV file but an Excel workbook: save the sheet as CSV",
        ),
        (_book("mimetype", "content.xml"), "is no CSV file but an OpenDocument file"),
        (_book("rows.csv"), "is no CSV file but a zip archive: unpack it"),
        (b"PK\x03\x04 and no more", "is no CSV file but a zip archive"),
        (b"PAR1\x15\x04\x15", "is no CSV file but a Parquet file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"%PDF-1.7", "a PDF document"),
        (b"BZh91AY", "compressed with bzip2"),
        (gzip.compress(gzip.compress(b"ID\n1\n", mtime=0), mtime=0), "compressed with gzip twice"),
        (gzip.compress(b"PAR1\x15\x04\x15", mtime=0), "a Parquet file"),
        (b'[{"ID": 1, "AT": "x"}]', "it looks like JSON"),
        (b'{"ID": 1}\n{"ID": 2}\n', "it looks like JSON"),
        (b"<html><body>Sign in</body></html>\n", "it looks like HTML or XML"),
        (b"ID;AT;SCORE\n1;2;3\n", "its columns are delimited by ';': say `delimiter: \";\"`"),
        (b"ID\tAT\tSCORE\n1\t2\t3\n", 'its columns are delimited by tabs: say `delimiter: "\\t"`'),
        (b"ID;At;Score\n1;2;3\n", "it has 'ID;At;Score'; ';' stands in it 2 times"),
        (b"ID,At,SCORE\n1,2,3\n", "reads column 'AT', which the file does not have: it has 'ID', 'At', 'SCORE'"),
        ("ID,AT,SCORE\n1,2024-01-01,5\n".encode("utf-16"), "is written in utf-16: say `encoding: utf-16`"),
        ("ID,AT,SCORE\n1,2024-01-01,5\n".encode("utf-16-le"), "is written in utf-16-le"),
        ("ID,AT,SCORE\n1,2024-01-01,5\n".encode("utf-16-be"), "is written in utf-16-be"),
        ("ID,AT,SCORE\n1,2024-01-01,5\n".encode("utf-32"), "is written in utf-32"),
        (b"ID,AT,SCORE\n" + b"1" * (5 << 20), "line 2: a line of more than 4,194,304 characters"),
        (b'"ID,AT,SCORE\n1,2024-01-01,5\n', "no header in its first line (line 1: a quote is opened"),
        (b"ID,AT,SCORE,AT\n", "column 'AT', which the file has 2 times"),
        (b"", "no header in its first line"),
    ],
)
def test_a_file_of_another_kind_is_named_for_what_it_is(tmp_path: Path, content: bytes, sentence: str) -> None:
    """Given a file that is no such table, then one sentence says what it is and what to do, and nothing is sent."""
    with pytest.raises(FileError) as caught:
        _import(tmp_path, _RESPONSES, content)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("nothing was sent")
    assert "\n" not in str(caught.value)


def test_a_gzip_file_cut_in_half_sends_nothing(tmp_path: Path) -> None:
    """Given a download that ended early, then its last line is named, and no event is sent before that is known."""
    rows = "".join(f"{number},2024-01-01,{number % 5}\n" for number in range(5_000))
    whole = gzip.compress(f"ID,AT,SCORE\n{rows}".encode())
    sent: list[Ready] = []
    file = tmp_path / "input.csv.gz"
    file.write_bytes(whole[: len(whole) // 2])
    job = Import(
        parse(_RESPONSES), file, prepare=lambda event: Ready(event, b""), send=sent.append, rejects=tmp_path / "r"
    )
    with pytest.raises(FileError) as caught:
        job.run()
    checked = job.summary.checked
    assert f"end-of-stream marker was reached, behind line {checked + 1}" in str(caught.value)
    assert f"{checked:,} rows came before it, nothing was sent" in str(caught.value)
    assert (sent, 0 < checked < 5_000) == ([], True)


@pytest.mark.parametrize(
    "content",
    [
        b"ID,AT,SCORE\n1,2024-01-01,5\n",
        "\ufeffID,AT,SCORE\n1,2024-01-01,5\n2,2024-01-02,4\n".encode("utf-16-le") + b"x",
    ],
    ids=["no mark", "half a character at the end"],
)
def test_utf_16_that_is_none_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    """Given `encoding: utf-16` and a file that is not, or ends in half a character, then it says so."""
    with pytest.raises(FileError, match=r"input\.csv: holds bytes that are not utf-16"):
        _import(tmp_path, "encoding: utf-16" + _RESPONSES, content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_marks_and_ends_of_lines_are_read_in_every_form(tmp_path: Path, encoding: str, end: str) -> None:
    """Given a byte order mark or none, any end of lines, and a last line without one, then every row is read."""
    text = end.join(["\ufeffID,AT,SCORE", "1,2024-01-01,5", "", "2,2024-01-01,4"])
    content = text.removeprefix("\ufeff" if encoding in {"utf-16", "utf-32"} else "").encode(encoding)
    summary, _, _ = _import(tmp_path, f"encoding: {encoding}" + _RESPONSES, content)
    assert _counts(summary) == (2, 2, 0, 2)


def test_lines_that_end_in_three_ways_are_all_rows(tmp_path: Path) -> None:
    """Given a file that was glued together from several systems, then no row hides in another."""
    content = "ID,AT,SCORE\r\n1,2024-01-01,5\n2,2024-01-01,5\r3,2024-01-01,5"
    assert _counts(_import(tmp_path, _RESPONSES, content)[0]) == (3, 3, 0, 3)


def test_a_row_with_a_nul_is_a_reject(tmp_path: Path) -> None:
    """Given a byte that no text has, then its row alone is rejected."""
    summary, _, rejects = _import(tmp_path, _RESPONSES, "ID,AT,SCORE\n1\0,2024-01-01,5\n2,2024-01-01,5\n")
    assert _counts(summary) == (2, 1, 1, 1)
    assert "holds a NUL character" in rejects[1]


def test_a_quote_that_is_never_closed_costs_one_row(tmp_path: Path) -> None:
    """Given an open quote before many good rows, then each is sent, and the broken one stands whole in the rejects."""
    good = "".join(f"{number},{' ' * 80}2024-01-01,5\n" for number in range(10, 2_000))
    summary, _, rejects = _import(tmp_path, _RESPONSES, f'ID,AT,SCORE\n1,2024-01-01,5\n2,"2024-01-01,5\n{good}')
    assert _counts(summary) == (1_992, 1_991, 1, 1_991)
    assert rejects[1] == '3,line 3: a quote is opened and not closed where its cell ends,2,"""2024-01-01",5'


def test_a_row_over_several_lines_is_one_row(tmp_path: Path) -> None:
    """Given line ends within quotes, as comments have them, then they belong to their cell as ever."""
    text = _RESPONSES.replace("survey_id: s", "survey_id: {column: SURVEY}")
    content = 'ID,AT,SCORE,SURVEY\n1,2024-01-01,5,"a ""b"", c"\n2,2024-01-01,5,s\n'
    summary, events, _ = _import(tmp_path, text, content)
    assert (summary.rejected, events[0].fields["survey_id"]) == (0, 'a "b", c')


def test_a_row_makes_all_of_its_events_or_none(tmp_path: Path) -> None:
    """Given a row of which the second event is refused, then the first is not sent either."""
    paid = """  - event: invoice_paid
    id: [INVOICE]
    fields:
      account_id: {template: "shop-{CUSTOMER}"}
      occurred_at: {column: AT, as: time, format: "%Y-%m-%d"}
      invoice_id: {column: INVOICE}
      payment_id: {column: INVOICE}
      amount: {column: TOTAL, as: money, exponent: 2}
      currency: USD
      exponent: 2
      paid_at: {column: AT, as: time, format: "%Y-%m-%d"}
"""
    content = "INVOICE,AT,CUSTOMER,TOTAL\n1,2024-01-01,17,5.00\n2,2024-01-01,17,0.00\n"
    summary, events, _ = _import(tmp_path, _INVOICES + paid, content)
    assert _counts(summary) == (2, 1, 1, 2)
    assert {event.fields["invoice_id"] for event in events} == {"1"}


def test_rejects_of_rejects_keep_their_columns(tmp_path: Path) -> None:
    """Given a file of rejects that is imported before all of it is mended, then its rejects are such a file again."""
    _, _, rejects = _import(tmp_path, _RESPONSES, "ID,AT,SCORE\n1,soon,5\n2,later,5\n")
    again = "\n".join(rejects).replace("soon,5", "2024-01-01,5")
    summary, _, rejects = _import(tmp_path, _RESPONSES, again, name="rejected.csv")
    assert _counts(summary) == (2, 1, 1, 1)
    assert rejects == [
        "_line,_reason,ID,AT,SCORE",
        "3,AT: 'later' is not a time of the form '%Y-%m-%d',2,later,5",
    ]


def test_a_file_that_changes_meanwhile_is_not_sent(tmp_path: Path) -> None:
    """Given a file that is still being written, then what was looked through would not be what is sent."""
    file = tmp_path / "input.csv"
    file.write_text("ID,AT,SCORE\n1,2024-01-01,5\n")

    def grow(event: Event) -> Ready:
        if file.stat().st_size < 100:
            with file.open("a") as more:
                more.write("2,2024-01-01,5\n")
        return Ready(event, b"")

    with pytest.raises(FileError, match="was changed while it was read; nothing was sent"):
        imported(parse(_RESPONSES), file, None, prepare=grow)
