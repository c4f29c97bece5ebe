"""Rows that belong together: what the first of them begins, in whatever order the file has them."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.ingest.importing import Summary
from streams.ingest.mapping import MappingError, parse
from streams.ingest.reader import FileError
from streams.ingest.translate import Event
from tests.support.imports import imported

TEXT = """
source: desk:main
where: [{column: WHAT, never: [test]}]
group:
  by: [CASE]
  order: {column: AT, as: integer}
  first: {asked_by: WHO, began: AT}
rows:
  - event: ticket_opened
    id: [CASE]
    first: true
    fields: {account_id: {column: asked_by}, occurred_at: {column: AT, as: integer}, ticket_id: {column: CASE}}
  - event: ticket_status_changed
    id: [CASE, AT, WHAT]
    fields:
      account_id: {column: asked_by}
      occurred_at: {column: AT, as: integer}
      custom_status: {template: "{WHAT} since {began}"}
"""
MAPPING = parse(TEXT)
HEAD = "CASE,AT,WHAT,WHO"
ROWS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.integers(0, 3), st.sampled_from(("a", "b", "test")), st.sampled_from("pq")),
    max_size=8,
)


def run(file: Path, lines: list[str], *, reverse: bool = False) -> tuple[Summary, list[Event]]:
    file.write_text("\n".join([HEAD, *lines]) + "\n")
    return imported(MAPPING, file, file.with_suffix(".rejects"), reverse=reverse)


def told(events: list[Event]) -> set[tuple[str, ...]]:
    return {(event.type, *(f"{name}={value}" for name, value in sorted(event.fields.items()))) for event in events}


@settings(deadline=None)
@given(rows=ROWS, chance=st.randoms())
def test_the_order_of_the_file_says_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, str, str]], chance: object
) -> None:
    """A file in another order, or with rows that stand in it twice, must send the same events under the same ids."""
    file = tmp_path_factory.mktemp("groups") / "rows.csv"
    lines = [",".join(map(str, row)) for row in rows]
    _, events = run(file, lines)
    chance.shuffle(doubled := [*lines, *lines])  # type: ignore[attr-defined] # a Random
    assert told(run(file, doubled)[1]) == told(events)
    assert told(run(file, lines, reverse=True)[1]) == told(events)
    taken = [row for row in rows if row[2] != "test"]
    opened = {event.fields["event_id"]: event.fields for event in events if event.type == "ticket_opened"}.values()
    assert {each["ticket_id"]: each["occurred_at"] for each in opened} == {
        case: min(at for other, at, *_ in taken if other == case) for case, *_ in taken
    }


def test_the_first_row_lends_what_it_holds_to_all_of_its_group(tmp_path: Path) -> None:
    """A case that changes hands stays with the account that it began with, or its key would scatter it."""
    summary, events = run(tmp_path / "rows.csv", ["x,9,b,q", "x,1,a,p", "y,5,a,q"])
    assert (summary.rows, summary.events) == (3, 5)
    assert [event.fields["account_id"] for event in events] == ["p", "p", "p", "q", "q"]
    assert events[0].fields["custom_status"] == "b since 1"


def test_a_row_without_a_place_in_time_is_rejected_and_begins_nothing(tmp_path: Path) -> None:
    """Taken for the first row it would give the whole case a wrong start."""
    summary, events = run(tmp_path / "rows.csv", ["x,soon,a,p", "x,,a,p", "x,4,b,q"])
    assert [reject.reason for reject in summary.first] == [
        "AT: 'soon' is not a whole number",
        "AT: empty, but it orders the rows of a group",
    ]
    assert [event.fields["account_id"] for event in events] == ["q", "q"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("  by: [CASE]", "  by: []", "`by` must name the columns"),
        ("as: integer}\n  first", "as: text}\n  first", "a number, an integer or a time"),
        ("order: {column: AT, as: integer}", "order: {column: AT, as: integer, default: 0}", "nor with a default"),
        ("  by: [CASE]\n", "", "group: "),
        ("  order: {column: AT, as: integer}\n", "", "group: "),
    ],
)
def test_a_group_that_cannot_be_meant_is_refused(old: str, new: str, sentence: str) -> None:
    """Said once to the mapping's author instead of once for each row."""
    assert old in TEXT
    with pytest.raises(MappingError, match=sentence):
        parse(TEXT.replace(old, new))


def test_first_needs_a_group() -> None:
    """Without one no row is known to be the first, and nothing would ever be opened."""
    text = TEXT[: TEXT.index("group:")] + TEXT[TEXT.index("rows:") :]
    with pytest.raises(MappingError, match="needs a `group`"):
        parse(text)


def test_a_name_that_the_file_has_itself_is_refused(tmp_path: Path) -> None:
    """Two columns of one name, of which a template would silently read one."""
    file = tmp_path / "rows.csv"
    file.write_text(f"{HEAD},began\nx,1,a,p,z\n")
    with pytest.raises(FileError, match="calls something 'began', which is a column of the file"):
        imported(MAPPING, file, tmp_path / "rejects.csv")
