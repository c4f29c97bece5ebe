"""The live screen of `cx up`: how fast events come in, what waits, what was refused, and what the newest NPS says."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

import msgspec
from clickhouse_driver import errors
from kafka.errors import KafkaError
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra import wiring
from infra.standing import Watch

if TYPE_CHECKING:
    from infra.settings import Settings

_EVERY_S = 1.0
_NPS_EVERY_S = 5.0
_PIPED_EVERY_S = 10.0
NEWEST_NPS = (
    "SELECT window_start, value, ci_low, ci_high, n FROM nps"
    " WHERE grain = 'week' AND dimension = 'all' ORDER BY window_start DESC LIMIT 1"
)


class Figures(msgspec.Struct, frozen=True):
    """One look at a running pipeline; ``rate`` in records taken in per second."""

    stored: int
    taken: int
    rate: float
    dead_letters: int
    nps: str

    @property
    def lag(self) -> int:
        return max(0, self.stored - self.taken)

    def sentence(self) -> str:
        return (
            f"{self.taken:,} of {self.stored:,} events taken in, {self.rate:,.0f}/s, lag {self.lag:,},"
            f" dead letters {self.dead_letters:,}, {self.nps}"
        )


NOTHING = Figures(0, 0, 0.0, 0, "no NPS yet")


class Observer:
    """Looks at Kafka and ClickHouse."""

    def __init__(self, settings: Settings) -> None:
        self._watch, self._client = Watch(settings), wiring.reader(settings)
        self._seen: tuple[float, int] | None = None
        self._asked, self._nps = -_NPS_EVERY_S, "no NPS yet"

    def close(self) -> None:
        self._watch.close()
        self._client.disconnect()

    def look(self) -> Figures:
        """Return how things stand now; the NPS, which costs more, as it was some seconds ago at most."""
        now, standing = time.monotonic(), self._watch.now()
        stored, taken = sum(each.stored for each in standing), sum(each.taken for each in standing)
        at, before = self._seen or (now - _EVERY_S, taken)
        self._seen = now, taken
        if now - self._asked >= _NPS_EVERY_S:
            self._asked, self._nps = now, self._newest()
        rate = max(0.0, (taken - before) / max(now - at, 0.001))
        return Figures(stored, taken, rate, self._dead_letters(), self._nps)

    def _dead_letters(self) -> int:
        return int(self._client.execute("SELECT count() FROM dead_letter")[0][0])

    def _newest(self) -> str:
        found = self._client.execute(NEWEST_NPS)
        if not found:
            return "no NPS yet"
        week, value, low, high, n = found[0]
        return f"NPS {value:+.1f} [{low:+.1f} to {high:+.1f}] in the week of {week} (n {n})"


class Lookout(Thread):
    """Keeps looking beside whatever else goes on, so that nobody waits for a figure; `latest` is what it saw last.

    A server that does not answer for a moment leaves the figures as they were.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="lookout", daemon=True)
        self._settings = settings
        self._done = Event()
        self.latest = NOTHING

    def run(self) -> None:
        observer = Observer(self._settings)
        try:
            while not self._done.wait(_EVERY_S):
                with suppress(errors.Error, EOFError, OSError, KafkaError):
                    self.latest = observer.look()
        finally:
            observer.close()

    def close(self) -> None:
        self._done.set()
        self.join(timeout=10)


class Screen:
    """Shows the feed's progress and the figures: redrawn on a terminal, a line now and then where output is piped."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self._lookout = Lookout(settings)
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._open = ExitStack()
        self._live: Live | None = None
        self._told = (0.0, "")

    def __enter__(self) -> Self:
        self._lookout.start()
        self._open.callback(self._lookout.close)
        if self._console.is_terminal:
            self._live = self._open.enter_context(Live(console=self._console, auto_refresh=False, transient=True))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def task(self, description: str, total: int) -> Any:
        return self._progress.add_task(description, total=total)

    def advance(self, task: Any, done: int) -> None:
        self._progress.update(task, completed=done)

    def refresh(self) -> Figures:
        """Show what was seen last."""
        figures = self._lookout.latest
        if self._live is not None:
            self._live.update(Group(self._progress, _table(figures)), refresh=True)
        else:
            self._tell(figures.sentence())
        return figures

    def _tell(self, sentence: str) -> None:
        at, said = self._told
        if self._lookout.latest is not NOTHING and sentence != said and time.monotonic() - at >= _PIPED_EVERY_S:
            self._console.print(sentence, highlight=False)
            self._told = time.monotonic(), sentence


def _table(figures: Figures) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in (
        ("events stored", f"{figures.stored:,}"),
        ("taken in", f"{figures.taken:,}"),
        ("rate", f"{figures.rate:,.0f}/s"),
        ("lag", f"{figures.lag:,}"),
        ("dead letters", f"{figures.dead_letters:,}"),
        ("newest", figures.nps),
    ):
        table.add_row(name, value)
    return table
