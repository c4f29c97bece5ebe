"""The costs of depth as lines: microseconds, bytes of changelog, and how many times those of the least depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.table import Table

from bench.depth import FIRST_CORRECTED, LATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bench.depth import Cost

_ORDERS = {LATE: "  1 in 100 late", FIRST_CORRECTED: "  first corrected"}


def heads(found: Sequence[Cost]) -> tuple[str, ...]:
    return ("history", "depth", "us/event", "bytes/event", f"x {min(each.depth for each in found)}")


def lines(found: Sequence[Cost]) -> list[tuple[str, ...]]:
    """Return a line for each cost, those of one history and order together under its name."""
    told: list[tuple[str, ...]] = []
    for name in dict.fromkeys((each.history, each.order) for each in found):
        heading = _ORDERS.get(name[1], name[0])
        for each in found:
            if (each.history, each.order) == name:
                told.append((heading, *_cells(found, each)))
                heading = ""
    return told


def depth_table(found: Sequence[Cost]) -> Table:
    """The lines, 80 columns wide at most."""
    printed = Table(title="one event, so many deep", title_justify="left", box=SIMPLE, show_edge=False, pad_edge=False)
    first, *others = heads(found)
    printed.add_column(first)
    for head in others:
        printed.add_column(head, justify="right")
    for line in lines(found):
        printed.add_row(*line)
    return printed


def ratio(found: Sequence[Cost], cost: Cost) -> float | None:
    """Return the multiple of the cost at the least depth of the same history and order; None if either is unknown."""
    alike = [each for each in found if (each.history, each.order) == (cost.history, cost.order)]
    least = min(alike, key=lambda each: each.depth).cpu_us_per_event
    return None if least is None or cost.cpu_us_per_event is None else cost.cpu_us_per_event / least


def _cells(found: Sequence[Cost], cost: Cost) -> tuple[str, str, str, str]:
    depth, times = f"{cost.depth:,}", ratio(found, cost)
    if cost.cpu_us_per_event is None or cost.changelog_bytes_per_event is None:
        return depth, *_why(cost), ""
    figures = f"{cost.cpu_us_per_event:,.0f}", f"{cost.changelog_bytes_per_event:,.0f}"
    return depth, *figures, "" if times is None else f"{times:,.1f}"


def _why(cost: Cost) -> tuple[str, str]:
    if cost.reached < cost.depth:
        return "not reached", f"({cost.reached:,})"
    return ("refused", f"({cost.refused:,})") if cost.refused else ("too slow", "")
