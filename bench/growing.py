"""Measure what an event of some histories costs: `python -m bench.growing [NAME...]` prints it, in order alone."""

from __future__ import annotations

import sys

from bench.depth import IN_ORDER, Limits, measure_depth
from bench.depth_histories import GROWING, HISTORIES

DEPTHS = (10, 100, 1_000, 10_000)


def main() -> None:
    """Print a table in Markdown, of histories named as arguments, or of those that are no line of `bench depth`."""
    limits = Limits(DEPTHS, 120.0, 2.0, 0.3, 3.0)
    print("| history | depth | CPU ms an event | changelog bytes an event |\n|---|---:|---:|---:|")
    named = [history for history in (*HISTORIES, *GROWING) if history.name in sys.argv[1:]]
    for history in named or GROWING:
        for cost in measure_depth(limits, lambda said: print(said, file=sys.stderr), (history,), (IN_ORDER,)):
            cpu, size = cost.cpu_us_per_event, cost.changelog_bytes_per_event
            shown = ("—", "—") if cpu is None or size is None else (f"{cpu / 1000:.2f}", f"{size:,.0f}")
            print(f"| {cost.history} | {cost.depth:,} | {shown[0]} | {shown[1]} |", flush=True)


if __name__ == "__main__":
    main()
