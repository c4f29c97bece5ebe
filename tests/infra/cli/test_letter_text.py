"""What a hostile or broken record can do to whoever looks at it: nothing."""

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from infra.cli.letter_text import groups, hexdump, instant, plain, values
from infra.printable import visible
from schemas.walk import Part
from sinks.letters import At, Group
from streams.replay.verdict import REASONS


@given(st.text(max_size=300))
def test_nothing_that_a_terminal_obeys_is_printed(text: str) -> None:
    """An escape sequence in a payload could clear the screen, rename the window or hide lines."""
    shown = visible(text)
    assert shown.isprintable()
    if text.isprintable() and len(text) <= 200:
        assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\r\nb\t", "a\\r\\nb\\t"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0001", "\\U000e0001"),
        ("x" * 201, "x" * 200 + "... (201 characters)"),
    ],
)
def test_control_characters_are_shown_as_escapes(text: str, shown: str) -> None:
    """Seven- and eight-bit controls, line ends and the marks that turn text around."""
    assert visible(text) == shown


@given(st.binary(max_size=200), st.integers(0, 40), st.integers(0, 100))
def test_a_hexdump_says_the_bytes_from_there_on(value: bytes, start: int, most: int) -> None:
    """Offsets are those of the message above it, and what is left out is counted."""
    start = min(start, len(value))
    lines = list(hexdump(value, start, most))
    told = [line for line in lines if "|" in line]
    held = b"".join(bytes.fromhex(line[8:58].replace(" ", "")) for line in told)
    assert held == value[start : start + most]
    assert [int(line[:8], 16) for line in told] == list(range(start, start + len(held), 16))
    left = len(value) - start - len(held)
    assert bool(left) == (len(lines) == len(told) + 1)
    if left:
        assert lines[-1].endswith(f"{left} more bytes")
    assert all(line.isprintable() and len(line) <= 78 for line in lines)


def test_a_hexdump_looks_as_everywhere() -> None:
    """Two halves of eight bytes and the text beside them."""
    (line,) = hexdump(b'{"a": 1}\x00\xff\x1b', 0, 99)
    assert line == '00000000  7b 22 61 22 3a 20 31 7d  00 ff 1b                 |{"a": 1}...|'


def test_values_are_a_line_each_and_bounded() -> None:
    """A record of ten thousand values must not push its fault off the screen."""
    told = list(values([Part("at", 0, 0, 1, instant=True), Part("s", "\x1b", 1, 2), Part("n", None, 2, 3)]))
    assert told == ["at  1970-01-01T00:00:00Z (0)", 's   "\\x1b"', "n   None"]
    many = list(values([Part("a", 1, 0, 1)] * 1_000))
    assert (len(many), many[-1]) == (201, "... 800 more values (--format json holds them)")


def test_instants_beyond_the_calendar_are_numbers() -> None:
    """Milliseconds in a field of microseconds are a common reason for a letter; nanoseconds, too."""
    assert instant(2**63 - 1) == "9223372036854775807 us since 1970"


def test_numbers_that_json_lacks_become_text() -> None:
    """NaN is a reason for a letter and no JSON."""
    assert plain({"a": [math.inf, 1.5], "b": {"c": math.nan}}) == {"a": ["inf", 1.5], "b": {"c": "nan"}}


def _grouped(name: str) -> Group:
    times = ("2026-11-22T01:30:00.000000Z", "2026-11-22T02:45:00.000000Z")
    return Group(name, 12_345, 1_234, 11_000, 111, *times, At("cx.survey", 11, 1_234_567))


def _printed(*names: str) -> list[str]:
    screen = Console(file=io.StringIO(), width=80, soft_wrap=True)
    screen.print(groups("reason", [_grouped(name) for name in names]))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue().splitlines()


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_reasons_and_places_can_be_copied_from_eighty_columns(reason: str) -> None:
    """The next commands of the runbook take both: broken over two lines neither is a name any more."""
    lines = _printed(reason)
    assert max(map(len, lines)) <= 80
    (line,) = (each for each in lines if reason in each)
    for word in ("12,345", "1,234", "2026-11-22", "cx.survey-11@1234567"):
        assert word in line


def test_a_name_that_is_too_long_is_folded() -> None:
    """Accounts are named by strangers; the columns beside them are still read."""
    lines = _printed("a" * 300, "[bold]")
    assert max(map(len, lines)) <= 80
    assert any("cx.survey-11@1234567" in line for line in lines)
    assert any("[bold]" in line for line in lines)
