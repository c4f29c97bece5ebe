"""The difference of rows is what makes of one set of rows another, and nothing more."""

from hypothesis import given
from hypothesis import strategies as st

from streams.core.algebra import difference
from streams.core.rows_survey import VerbatimRow

ROWS = st.lists(
    st.builds(
        lambda question, text: VerbatimRow("acc", "R1", question, text, "en", 0, False),
        st.sampled_from("abcdef"),
        st.sampled_from("xy"),
    ),
    max_size=6,
    unique_by=lambda row: row.identity(),
)


@given(ROWS, ROWS)
def test_a_difference_turns_one_set_of_rows_into_another(before: list[VerbatimRow], after: list[VerbatimRow]) -> None:
    """A row left out stays stale in its table, one too many costs an insert, one taken away wrongly is lost."""
    written, removed = difference(before, after)
    stored = {row.identity(): row for row in before}
    assert [row for row in written if stored.get(row.identity()) == row] == []
    for row in removed:
        del stored[row.identity()]
    stored |= {row.identity(): row for row in written}
    assert stored == {row.identity(): row for row in after}
    assert len(written) == len({row.identity() for row in written})
