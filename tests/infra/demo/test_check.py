import pytest

from infra.demo.check import Difference, Row, compare
from infra.demo.company import Figure

_KEY = ("nps", "week", "2025-01-06", "all", "", "")
_FIGURE = Figure(*_KEY, 100 / 3, 1, 3)
_FOUND = {_KEY: Row(33.333333333, 1.0, 3, -10.0, 60.0)}


def test_figures_that_agree_leave_nothing_to_say() -> None:
    """Floating point may end differently in the last digits; that is no difference between figures."""
    assert compare([_FIGURE], _FOUND) == []


@pytest.mark.parametrize("changed", [Row(33.4, 1.0, 3), Row(100 / 3, 2.0, 3), Row(100 / 3, 1.0, 4)])
def test_each_number_of_a_row_is_compared(changed: Row) -> None:
    """A right value over a wrong n is a wrong figure."""
    assert compare([_FIGURE], {_KEY: changed}) == [Difference(_KEY, (100 / 3, 1, 3), changed.numbers)]


def test_missing_and_unexpected_rows_are_differences() -> None:
    """Events that were lost take their rows with them; events counted twice may bring rows nobody expects."""
    assert compare([_FIGURE], {}) == [Difference(_KEY, (100 / 3, 1, 3), None)]
    assert compare([], _FOUND) == [Difference(_KEY, None, (33.333333333, 1.0, 3))]
