"""What `cx sql` prints is what ClickHouse holds: a figure that is cut is a figure that is wrong."""

import csv
import datetime as dt
import io
import json
import math
import re
import struct
from contextlib import redirect_stdout
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from infra.cli import exact, output

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=6)


@given(st.floats(allow_nan=False), DECIMALS)
def test_no_digit_is_lost(number: float, amount: Decimal) -> None:
    """Read back, it is the same number, whatever its size; 0.0007 was 0.00."""
    assert float(exact.text(number)) == number
    assert Decimal(exact.text(amount)) == amount
    assert "E" not in exact.text(amount)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_number_of_32_bits_has_its_own_digits(number: float) -> None:
    """Seven of them and not sixteen, and still the same number."""
    ((short, rest),) = exact.singles([[number, 0.1]], ["Nullable(Float32)", "Float64"])
    assert struct.pack("f", short) == struct.pack("f", number)
    assert len(repr(abs(short)).replace(".", "").split("e")[0].strip("0")) <= 9
    assert rest == 0.1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0007, "0.0007"),
        (1234567.0, "1234567"),
        (Decimal("0.000000"), "0"),
        (Decimal("12.340000"), "12.34"),
        (Decimal(1200), "1200"),
        (None, "NULL"),
        ("", ""),
        ([("all", None), ("o'c", 1.5)], "[('all', NULL), ('o'c', 1.5)]"),
        ("a\x1b[31m\u202e", "a\\x1b[31m\\u202e"),
        (dt.date(2026, 6, 30), "2026-06-30"),
    ],
)
def test_values_stand_as_clickhouse_has_them(value: object, written: str) -> None:
    """An analyst compares with what another tool shows; a terminal is shown nothing that it would obey."""
    assert exact.text(value) == written


def _shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], columns: int, wide: int) -> str:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(output, "out", Console(soft_wrap=True))
    names = [f"column_{number}" for number in range(wide)]
    exact.show(names, [[number / 7 for number in range(wide)], ["[bold]"] * wide])
    return capsys.readouterr().out


def test_a_table_that_does_not_fit_stands_row_below_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty columns on 80 were one letter wide each; now no line is cut and each value has its name beside it."""
    assert "│" in _shown(monkeypatch, capsys, 80, 2)
    lines = _shown(monkeypatch, capsys, 80, 20).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[:3] == ["row 1", "  column_0:  0", f"  column_1:  {1 / 7}"]
    assert "  column_19: [bold]" in lines


def test_a_pipe_is_as_wide_as_it_takes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What `less -S` and grep read keeps one row on one line."""
    monkeypatch.delenv("COLUMNS", raising=False)
    exact.show([f"column_{number}" for number in range(40)], [[1 / 3] * 40])
    assert capsys.readouterr().out.count(str(1 / 3)) == 40


def test_json_holds_what_json_can(capsys: pytest.CaptureFixture[str]) -> None:
    """NaN is no JSON, and 0E-6 is no amount that a person reads."""
    output.rows(output.Format.JSON, ["a", "b"], [[math.nan, Decimal("0.000000")]])
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == [{"a": None, "b": "0.000000"}]


@given(st.lists(st.tuples(st.text(alphabet='a,"\r\n \t=') | st.text(), st.integers()), min_size=1))
def test_csv_reads_back_and_its_lines_end_as_those_of_a_pipe(rows: list[tuple[str, int]]) -> None:
    """With ends of two characters `cut`, `join` and `read` took the first of them for part of the last column."""
    with redirect_stdout(io.StringIO(newline="")) as piped:
        output.rows(output.Format.CSV, ["name", "value"], rows)
    text = piped.getvalue()
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read == [["name", "value"], *([name, str(value)] for name, value in rows)]
    assert "\r" not in re.sub('"[^"]*"', "", text), "outside of cells in quotes"
