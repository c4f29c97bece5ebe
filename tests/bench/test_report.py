"""The page's figures come from a run: they must land between the markers and leave the prose alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.extras import Profile
from bench.latency import Latency
from bench.rebuild import Rebuilt, Speed
from bench.report import BEGIN, END, document, figures
from bench.session import Report
from bench.table import Result
from bench.window import Window

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
REPORT = Report(
    results=[
        Result("faust", 1, 400_000, False, Window(60_000, 45.0, 1_333.3, 800.0, 300.0, 0.0, 90.0, True)),
        Result("product", 2, 400_000, True, Window(390_000, 13.0, 30_000.0, 60.0, 10.0, 12.5, 400.0, True)),
    ],
    profile=Profile(40_000, 5_000.0, 100.0, {"decode Avro": 25.0, "consume": 75.0}),
    latency=Latency(15_000, 500.0, 120.0, 400.0, 700.0, 21.0),
    state=[
        {
            "store": "memory",
            "keys": 1_000_000,
            "content_mb": 338.0,
            "restore_s": 7.0,
            "open_s": 3.0,
            "resident_mb": 700.0,
            "peak_mb": 800.0,
            "disk_mb": 0.0,
        }
    ],
)


def test_figures_replace_what_stood_between_the_markers_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold 1,234\n{END}\nafter\n")
    document(REPORT, page, 0.5)
    once = page.read_text()
    document(REPORT, page, 0.5)
    assert page.read_text() == once, "writing twice must be the same as once"
    assert once.startswith(f"before\n{BEGIN}")
    assert once.endswith(f"{END}\nafter\n")
    assert "old" not in once
    assert "| product | 2 | 390,000 | 30,000 | 60.0 | 10.0 | 12.5 | 400 | 22.50 |" in once
    assert "60,000, time was up" in once
    assert once.index("| consume | 75.0 | 75% |") < once.index("| decode Avro | 25.0 | 25% |")
    assert "p50 120 ms, p99 400 ms" in once
    assert "| memory | 1,000,000 | 338.0 | 700.0 |" in once


def test_a_page_without_markers_is_refused(tmp_path: Path) -> None:
    """Appending somewhere would leave two sets of figures."""
    page = tmp_path / "page.md"
    page.write_text("prose\n")
    with pytest.raises(ValueError, match="does not hold"):
        document(REPORT, page, 0.5)
    assert page.read_text() == "prose\n"


def test_the_page_has_its_markers() -> None:
    assert PAGE.read_text().count(BEGIN) == PAGE.read_text().count(END) == 1


def test_live_traffic_at_the_end_is_held_against_its_beginning() -> None:
    """A worker that slows down with what it has taken in would otherwise be seen by nobody."""
    live, replay = {1: Speed(5_000.0, 100.0)}, {1: Speed(6_000.0, 90.0)}
    told = figures(Report(money=Rebuilt(2_000_000, 300.0, 9, live, replay, Speed(4_750.0, 110.0), 0.95)), 0.1)
    assert (
        "behind all that came before: 4,750 events/s, 0.95 x its first half minute; 110.0 CPU µs/event, 1.10 x" in told
    )
    assert "behind all" not in figures(Report(rebuild=Rebuilt(10, 1.0, 9, live, replay)), 0.1)
