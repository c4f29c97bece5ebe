"""The table of `cx replay list`, without servers: what it shows of a generation, and how wide it is."""

import io

import pytest
from rich.console import Console

from infra.cli import listing, output
from infra.differing import Standing


def test_names_and_states_can_be_copied_from_eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody copies the name at night from a narrow window or a pipe: broken over two lines it is no name."""
    screen = Console(file=io.StringIO(), width=80, soft_wrap=True)
    monkeypatch.setattr(output, "out", screen)
    begun, detail = "2026-11-22T01:30:00.000000Z", "a reason that is long " * 9
    filled = Standing("cx_g12", "repair", "cut short", 1_234, 999, 1_000, 12_345_678_900, "f" * 64, begun, "op", detail)
    served = Standing("cx_g1", "live", "served", 0, 0, 0, 5_000_000, "", "", "", "")
    listing.show([served, filled])
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    (line,) = (each for each in lines if "cx_g12" in each)
    for word in ("repair", "cut short", "1,234", "99 %", "12,345.7", "2026-11-22"):
        assert word in line
