"""The figures of docs/performance.md: written by a run, never by hand."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import psutil

from bench import depth_table
from bench.table import YARDSTICKS, later, ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bench.rebuild import Rebuilt
    from bench.session import Report
    from bench.table import Result

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"


def document(report: Report, page: Path, load: float) -> None:
    """Put the report's tables between the page's markers. `load` is the machine's load average before the run.

    Raises ValueError for a page without markers.
    """
    text = page.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{page} does not hold {BEGIN} and {END} once each")
    head, _, rest = text.partition(BEGIN)
    page.write_text(f"{head}{BEGIN}\n\n{figures(report, load)}\n\n{END}{rest.partition(END)[2]}")


def figures(report: Report, load: float) -> str:
    """Markdown of everything that was measured."""
    parts = [_circumstances(load)]
    if report.results:
        parts += [f"{report.results[0].total:,} events in the topic.", _results(report.results)]
    if report.profile is not None:
        named = sorted(report.profile.parts.items(), key=lambda each: -each[1])
        rows = [(part, f"{micros:.1f}", f"{micros / report.profile.cpu_us_per_event:.0%}") for part, micros in named]
        total = ("all", f"{report.profile.cpu_us_per_event:.1f}", "")
        told = f"One worker, {report.profile.events:,} events, while py-spy sampled it (which slows it down)."
        parts += [told, _rows(("part of the work", "CPU µs/event", "share"), [*rows, total])]
    if report.latency is not None:
        found = report.latency
        parts.append(
            f"From produce to queryable row, {found.events:,} events at {found.rate:,.0f}/s on one worker: p50"
            f" {found.p50_ms:,.0f} ms, p99 {found.p99_ms:,.0f} ms, worst {found.worst_ms:,.0f} ms (the reader looked"
            f" every {found.polled_ms:,.0f} ms)."
        )
    if report.state:
        parts.append(_state(report.state))
    if report.rebuild is not None:
        parts.append(_rebuild(report.rebuild, "mixed events"))
    if report.money is not None:
        parts.append(_rebuild(report.money, "survey and billing events, 1 to 3"))
    if report.support is not None:
        parts.append(_rebuild(report.support, "survey, billing and support events, 1 to 3 to 10"))
    if report.depth:
        told = "One event when so many of its entity came before, in memory:"
        parts += [told, _rows(depth_table.heads(report.depth), depth_table.lines(report.depth))]
    return "\n\n".join(parts)


def _circumstances(load: float) -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GiB, Python"
        f" {platform.python_version()}, load average {load:.1f} before the run."
    )


def _results(results: Sequence[Result]) -> str:
    heads = ("program", "workers", "events measured", "events/s", "CPU µs/event", "Kafka's", "ClickHouse's", "peak MB")
    return _rows((*heads, *(f"x {name}" for name in YARDSTICKS)), [_result(results, each) for each in results])


def _result(results: Sequence[Result], each: Result) -> list[str]:
    window = each.window
    marks = ("" if each.ended else ", time was up") + ("" if window.steady else ", start included")
    ratios = (ratio(results, name, each) for name in YARDSTICKS)
    return [
        each.name,
        str(each.workers),
        f"{window.events:,}{marks}",
        f"{window.events_per_s:,.0f}",
        f"{window.cpu_us_per_event:,.1f}",
        f"{window.kafka_cpu_us_per_event:,.1f}",
        f"{window.clickhouse_cpu_us_per_event:,.1f}",
        f"{window.peak_mb:,.0f}",
        *("" if value is None else f"{value:.2f}" for value in ratios),
    ]


def _state(found: Sequence[dict[str, Any]]) -> str:
    names = ("content_mb", "resident_mb", "peak_mb", "disk_mb", "restore_s", "open_s")
    heads = ("store", "keys", "content MB", "memory MB", "peak MB", "disk MB", "restore s", "open s")
    rows = [(each["store"], f"{each['keys']:,}", *(f"{each[name]:,.1f}" for name in names)) for each in found]
    return "State of one open response per key, as measured, not scaled:\n\n" + _rows(heads, rows)


def _rebuild(found: Rebuilt, what: str) -> str:
    heads = ("processes", "live events/s", "rebuild events/s", "x live", "live CPU µs/event", "rebuild CPU µs/event")
    rows = []
    for count, rebuilt in found.replay.items():
        live = found.live[count]
        rates = live.events_per_s, rebuilt.events_per_s
        told = [f"{rate:,.0f}" for rate in rates] + [f"{rates[1] / rates[0]:.2f}"]
        rows.append([str(count), *told, f"{live.cpu_us_per_event:.1f}", f"{rebuilt.cpu_us_per_event:.1f}"])
    whole = f"A rebuild of {found.events:,} {what}: {found.rows:,} rows in {found.seconds:,.0f} s."
    ending = "" if found.later is None else f"\n\n{later(found, found.later)}"
    return whole + " Rates are those of the steady part.\n\n" + _rows(heads, rows) + ending


def _rows(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
