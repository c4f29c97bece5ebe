"""The table and bench.json are what others read: ratios and figures must be those of the windows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.console import Console

from bench.table import Result, ratio, table, write_json
from bench.window import Window

if TYPE_CHECKING:
    from pathlib import Path


def result(name: str, rate: float, *, workers: int = 1, ended: bool = True, steady: bool = True) -> Result:
    window = Window(round(rate * 10), 10.0, rate, 1e6 / rate, 5.0, 2.0, 123.4, steady)
    return Result(name, workers, 1_000, ended, window)


RESULTS = [result("faust", 2_000, ended=False), result("quix", 8_000), result("product", 30_000, workers=2)]


def test_a_ratio_compares_rates_with_the_named_contender() -> None:
    assert ratio(RESULTS, "quix", RESULTS[2]) == 3.75
    assert ratio(RESULTS, "faust", RESULTS[1]) == 4.0


def test_without_the_yardstick_there_is_no_ratio() -> None:
    """`--only product` must not divide by something else."""
    assert ratio(RESULTS[2:], "quix", RESULTS[2]) is None


def test_the_table_says_where_time_was_up_or_the_start_is_included() -> None:
    """A rate of fewer events than the topic holds is fine only when it is said."""
    console = Console(record=True, width=200, file=None, quiet=False)
    with console.capture() as printed:
        console.print(table([*RESULTS, result("engine", 100, steady=False)]))
    lines = printed.get().splitlines()
    assert any("faust" in line and "time was up" in line for line in lines)
    assert any("engine" in line and "start included" in line for line in lines)
    assert any("quix" in line and "8,000" in line and "4.00" in line for line in lines)


def test_the_file_has_the_promised_names(tmp_path: Path) -> None:
    """Machines read name, workers, events_per_s, cpu_us_per_event and peak_mb."""
    write_json(RESULTS, tmp_path / "build" / "bench.json")
    read = json.loads((tmp_path / "build" / "bench.json").read_text())
    promised = [(r["name"], r["workers"], r["events_per_s"], r["cpu_us_per_event"], r["peak_mb"]) for r in read]
    assert promised[2] == ("product", 2, 30_000, 1e6 / 30_000, 123.4)
    assert [r["name"] for r in read] == ["faust", "quix", "product"]
