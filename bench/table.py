"""What a run is reported as: one table on the terminal, one JSON file for machines."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.explaining import Explained
    from bench.extras import Profile
    from bench.latency import Latency
    from bench.rebuild import Rebuilt, Speed
    from bench.window import Window

YARDSTICKS = ("faust", "quix", "same_work")
MILLION = 1e6
_STATE = {
    "content_mb": "content MB",
    "resident_mb": "memory MB",
    "peak_mb": "peak MB",
    "disk_mb": "disk MB",
    "restore_s": "restore s",
    "open_s": "open s",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One contender's window; `total` is the number of events in its topic, `ended` false where the time was up."""

    name: str
    workers: int
    total: int
    ended: bool
    window: Window


def ratio(results: Sequence[Result], name: str, result: Result) -> float | None:
    """How many times the rate of the contender `name` a result is; None where that one did not run."""
    rates = [other.window.events_per_s for other in results if other.name == name]
    return result.window.events_per_s / rates[0] if rates else None


def table(results: Sequence[Result]) -> Table:
    printed = Table(title=f"{results[0].total:,} survey events" if results else None, title_justify="left")
    printed.add_column("program")
    for heading in ("workers", "events measured", "events/s", "CPU µs/event", "Kafka's", "ClickHouse's", "peak MB"):
        printed.add_column(heading, justify="right")
    for yardstick in YARDSTICKS:
        printed.add_column(f"x {yardstick}", justify="right")
    for result in results:
        printed.add_row(*_cells(results, result))
    return printed


def _cells(results: Sequence[Result], result: Result) -> list[str]:
    window = result.window
    ratios = (ratio(results, yardstick, result) for yardstick in YARDSTICKS)
    return [
        result.name,
        str(result.workers),
        f"{window.events:,}{'' if result.ended else ' (time was up)'}{'' if window.steady else ' (start included)'}",
        f"{window.events_per_s:,.0f}",
        f"{window.cpu_us_per_event:,.1f}",
        f"{window.kafka_cpu_us_per_event:,.1f}",
        f"{window.clickhouse_cpu_us_per_event:,.1f}",
        f"{window.peak_mb:,.0f}",
        *("" if value is None else f"{value:.2f}" for value in ratios),
    ]


def as_json(results: Sequence[Result]) -> list[dict[str, object]]:
    """One object per contender: name, workers, total, ended and the figures of its window, side by side."""
    return [
        {"name": each.name, "workers": each.workers, "total": each.total, "ended": each.ended, **asdict(each.window)}
        for each in results
    ]


def write_json(results: Sequence[Result], path: Path, others: Sequence[Mapping[str, object]] = ()) -> None:
    """Write one object per contender, and the others behind them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*as_json(results), *others], indent=2) + "\n")


def latency_table(found: Latency) -> Table:
    headings = ("events", "events/s", "p50 ms", "p99 ms", "worst ms", "reader's round ms")
    printed = _plain("produce to queryable row", *headings)
    figures = (found.p50_ms, found.p99_ms, found.worst_ms, found.polled_ms)
    printed.add_row("one worker", f"{found.events:,}", f"{found.rate:,.0f}", *(f"{figure:,.0f}" for figure in figures))
    return printed


def explain_table(found: Explained) -> Table:
    """Milliseconds from asking to the whole answer, without the interpreter's start."""
    headings = ("events in the log", "accounts asked", "events read", "p50 ms", "worst ms")
    printed = _plain("until a figure is explained", *headings)
    common = (f"{found.events:,}", f"{found.accounts:,}")
    printed.add_row("as it is", *common, "0", f"{found.now_p50_ms:,.0f}", f"{found.now_worst_ms:,.0f}")
    then = (f"{found.read:,.0f}", f"{found.then_p50_ms:,.0f}", f"{found.then_worst_ms:,.0f}")
    printed.add_row("and as it was known", *common, *then)
    return printed


def state_table(found: Sequence[Mapping[str, float | str]]) -> Table:
    """Figures per million keys, with the number of keys that they were measured on."""
    printed = _plain("state, per million keys", "keys measured", *_STATE.values())
    for each in found:
        keys = float(each["keys"])
        figures = (float(each[name]) / keys * MILLION for name in _STATE)
        printed.add_row(str(each["store"]), f"{keys:,.0f}", *(f"{figure:,.1f}" for figure in figures))
    return printed


def profile_table(found: Profile) -> Table:
    printed = _plain(f"one worker under py-spy, {found.events:,} events", "CPU µs/event", "share")
    for part, micros in sorted(found.parts.items(), key=lambda each: -each[1]):
        printed.add_row(part, f"{micros:.1f}", f"{micros / found.cpu_us_per_event:.1%}")
    printed.add_row("all", f"{found.cpu_us_per_event:.1f}", "")
    return printed


def rebuild_table(found: Rebuilt, what: str) -> Table:
    printed = _plain(
        f"{found.events:,} {what}", "live events/s", "rebuild events/s", "x live", "live CPU µs", "rebuild CPU µs"
    )
    for count, rebuilt in found.replay.items():
        live = found.live[count]
        rates = live.events_per_s, rebuilt.events_per_s
        printed.add_row(
            f"{count} process{'es' * (count > 1)}",
            *(f"{rate:,.0f}" for rate in rates),
            f"{rates[1] / rates[0]:.2f}",
            *(f"{each.cpu_us_per_event:,.1f}" for each in (live, rebuilt)),
        )
    printed.caption = f"the whole rebuild: {found.rows:,} rows in {found.seconds:,.0f} s"
    if found.later is not None:
        printed.caption += f"\n{later(found, found.later)}"
    return printed


def later(found: Rebuilt, at_the_end: Speed) -> str:
    """One sentence on live traffic behind all that came, and in the first half minute."""
    first = found.live[1]
    return (
        f"One worker, live, behind all that came before: {at_the_end.events_per_s:,.0f} events/s, "
        f"{found.later_ratio:.2f} x its first half minute; {at_the_end.cpu_us_per_event:,.1f} CPU µs/event, "
        f"{at_the_end.cpu_us_per_event / first.cpu_us_per_event:.2f} x."
    )


def _plain(first: str, *others: str) -> Table:
    printed = Table()
    printed.add_column(first)
    for heading in others:
        printed.add_column(heading, justify="right")
    return printed
