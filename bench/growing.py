"""Measure histories whose accumulators grow: `python -m bench.growing` prints what one event costs at each depth."""

from __future__ import annotations

import sys

from bench.depth import IN_ORDER, Limits, measure_depth
from bench.depth_histories import GROWING

DEPTHS = (10, 1_000, 10_000)


def main() -> None:
    """Measure and print a table in Markdown."""
    limits = Limits(DEPTHS, 120.0, 2.0, 0.3, 12.0)
    print("| history | depth | CPU ms an event | changelog bytes an event |\n|---|---:|---:|---:|")
    for cost in measure_depth(limits, lambda said: print(said, file=sys.stderr), GROWING):
        if cost.order == IN_ORDER:
            cpu, size = cost.cpu_us_per_event, cost.changelog_bytes_per_event
            shown = ("—", "—") if cpu is None or size is None else (f"{cpu / 1000:.2f}", f"{size:,.0f}")
            print(f"| {cost.history} | {cost.depth:,} | {shown[0]} | {shown[1]} |")


if __name__ == "__main__":
    main()
