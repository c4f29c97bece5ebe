"""Show how far a replay got: a bar with the time that is left on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from infra.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from infra.replaying.fleet import Progress

_LINE_S = 5.0


@contextmanager
def shown(console: Console) -> Iterator[Callable[[str, Progress], None]]:
    """Yield what shows the progress of a generation."""
    if not console.is_terminal:
        yield _lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda generation, progress: bar.update(
            task, description=generation, completed=progress.records, total=progress.total
        )


def _lines() -> Callable[[str, Progress], None]:
    began, last = time.monotonic(), time.monotonic()

    def line(generation: str, progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LINE_S:
            last = now
            output.say(f"{generation}: {told(progress, now - began)}")

    return line


def told(progress: Progress, elapsed: float) -> str:
    """Say how far a replay got in `elapsed` seconds, how fast it is and how long it still takes."""
    rate = progress.fresh / elapsed if elapsed > 0 else 0.0
    text = f"{progress.records:,} of {progress.total:,} records, {rate:,.0f}/s"
    left = (progress.total - progress.records) / rate if rate else None
    return text if left is None else f"{text}, about {left:,.0f} s left"
