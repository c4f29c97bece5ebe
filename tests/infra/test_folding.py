"""A page on a terminal of any width: nothing of it is lost, and what is typed stays as it stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import handbook
from infra.handbook.folding import folded

_PAGES = handbook.runbooks()


def _kept(page: str) -> list[str]:
    """Return the lines of blocks and tables."""
    within, found = False, list[str]()
    for line in page.splitlines():
        within ^= line.startswith("```")
        if within or line.startswith(("```", "|", "#")):
            found.append(line)
    return found


@pytest.mark.parametrize("name", _PAGES)
@given(width=st.integers(20, 200))
def test_words_and_commands_stay_and_lines_fit(name: str, width: int) -> None:
    """On 80 columns a line of 150 breaks within words, and at night nobody puts them together again."""
    page = _PAGES[name]
    shown = folded(page, width)
    assert shown.split() == page.split()
    kept = _kept(page)
    assert _kept(shown) == kept
    assert [line for line in shown.splitlines() if len(line) > width and line not in kept and " " in line.strip()] == []


def test_items_hang_and_do_not_run_into_each_other() -> None:
    """Each item is a case of its own: which of them one is in must be seen at once."""
    page = "Some words\nmore.\n\n- one two\n  three\n- four\n"
    assert folded(page, 9) == "Some\nwords\nmore.\n\n- one two\n  three\n- four\n"
