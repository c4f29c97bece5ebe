"""The import of one file: looked through as a whole, then sent; what had to be rejected is written down."""

from __future__ import annotations

from contextlib import ExitStack, closing
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from streams.ingest import translate
from streams.ingest.groups import Firsts
from streams.ingest.reader import FileError, read
from streams.ingest.rejects import Rejects
from streams.ingest.seen import Copies, Seen
from streams.ingest.translate import Event, Filtered, Outcome, Rejected, Translated, Translator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from streams.ingest.mapping import Mapping

_SHOWN = 10


class RefusedError(Exception):  # the event breaks the contract, the program does not
    """Raised by ``prepare`` for an event that the contract does not allow; the message is the reason."""


class Ready(msgspec.Struct, frozen=True):
    """An event that may be sent: ``value`` is its content, equal exactly where two events are."""

    event: Event
    value: bytes


class Summary(msgspec.Struct, kw_only=True):
    """Counts of one import: ``rows`` = translated + filtered + rejected; ``first`` has the first rejects.

    ``repeated`` is how many of the translated rows only repeat earlier ones; ``example`` is the first of them, and the
    row that it repeats. ``checked`` counts rows while the file is looked through, before anything is sent.
    """

    rows: int = 0
    translated: int = 0
    filtered: int = 0
    rejected: int = 0
    events: int = 0
    repeated: int = 0
    checked: int = 0
    example: tuple[int, int] = (0, 0)
    first: list[Rejected] = []


def outcomes(mapping: Mapping, path: Path) -> Iterator[Outcome]:
    """Yield the events sent once, then each row's outcome; raises FileError where mapping and file differ."""
    lines = read(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
    header = next(lines, None)
    if header is None or header.problem:
        why = f" ({header.problem})" if header is not None else ""
        raise FileError(f"{path}: no header in its first line{why}")
    with ExitStack() as stack:
        copies = stack.enter_context(closing(Copies())) if mapping.numbers_copies() else None
        try:
            translator = Translator(mapping, header.cells, _firsts(mapping, path, header.cells), copies)
            yield from translate.once(mapping)
        except ValueError as error:
            raise FileError(f"{path}: {error}") from None
        for line in lines:
            if line.problem:
                yield Rejected(line.number, line.problem, tuple(line.cells))
            else:
                yield translator.row(line.number, line.cells)


def _firsts(mapping: Mapping, path: Path, header: list[str]) -> Firsts | None:
    """Read the whole file for the first row of every group, where the mapping asks for them."""
    if mapping.group is None:
        return None
    translator = Translator(mapping, header)
    lines = islice(read(path, encoding=mapping.encoding, delimiter=mapping.delimiter), 1, None)
    rows = (translator.named(line.cells) for line in lines if not line.problem)
    return Firsts(mapping.group).scan(row for row in rows if row is not None)


def _header(mapping: Mapping, path: Path) -> list[str]:
    first = next(read(path, encoding=mapping.encoding, delimiter=mapping.delimiter), None)
    return first.cells if first else []


class Import:
    """Imports a file; importing it again sends the same events under the same ids.

    ``prepare`` may raise RefusedError for one event: its row is then rejected, and none of the row's events is sent.
    Everything else that it or ``send`` raises ends the import; ``summary`` is counted up and says how far it came.
    ``rejects`` of None writes none down. ``reverse`` holds the whole file in memory and sends it from its end,
    definitions last.
    """

    def __init__(
        self,
        mapping: Mapping,
        path: Path,
        *,
        prepare: Callable[[Event], Ready],
        send: Callable[[Ready], None],
        rejects: Path | None,
        reverse: bool = False,
        advance: Callable[[Summary], None] = lambda _: None,
        summary: Summary | None = None,
    ) -> None:
        self._mapping, self._path = mapping, path
        self._prepare, self._send, self._advance = prepare, send, advance
        self._rejects, self._reverse = rejects, reverse
        self.summary = Summary() if summary is None else summary

    def run(self) -> Summary:
        """Look the file through, then send it; raises FileError, before anything is sent where the file shows it."""
        with closing(Seen()) as seen:
            before = self._stamp()
            self._look_through(seen)
            if self._stamp() != before:
                raise FileError(f"{self._path}: was changed while it was read; nothing was sent")
            self._send_all(seen)
        return self.summary

    def _stamp(self) -> tuple[int, int, int]:
        try:
            status = self._path.stat()
        except OSError as error:
            raise FileError(f"{self._path}: {error.strerror}") from None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _look_through(self, seen: Seen) -> None:
        try:
            for outcome in outcomes(self._mapping, self._path):
                self.summary.checked += outcome.line > 0
                judged = self._judged(outcome)
                if not isinstance(judged, Rejected | Filtered):
                    for ready in judged:
                        seen.add(ready.event.fields["event_id"], ready.value, outcome.line)
                self._advance(self.summary)
        except FileError as error:
            raise FileError(f"{error}; {self.summary.checked:,} rows came before it, nothing was sent") from None
        seen.settle()
        self.summary.repeated, self.summary.example = seen.merged, seen.example

    def _send_all(self, seen: Seen) -> None:
        every: Iterable[Outcome] = outcomes(self._mapping, self._path)
        if self._reverse:
            every = reversed(list(every))
        with ExitStack() as stack:
            file = None
            if self._rejects is not None:
                header = _header(self._mapping, self._path)
                file = Rejects(self._rejects, header, self._mapping.encoding, self._mapping.delimiter)
                stack.enter_context(file)
            for outcome in every:
                self._take(outcome, seen, file)
                self._advance(self.summary)

    def _judged(self, outcome: Outcome) -> list[Ready] | Rejected | Filtered:
        if not isinstance(outcome, Translated):
            return outcome
        try:
            return [self._prepare(event) for event in outcome.events]
        except RefusedError as error:
            return self._refused(outcome, str(error))

    def _refused(self, outcome: Translated, reason: str) -> Rejected:
        if outcome.line == 0:
            raise FileError(f"{self._path}: `once`: {reason}; nothing was sent")
        return Rejected(outcome.line, reason, outcome.cells)

    def _take(self, outcome: Outcome, seen: Seen, file: Rejects | None) -> None:
        summary = self.summary
        summary.rows += outcome.line > 0
        judged = self._judged(outcome)
        if isinstance(outcome, Translated) and isinstance(judged, list):
            clashes = (seen.clash(ready.event.fields["event_id"], outcome.line) for ready in judged)
            if reason := next(filter(None, clashes), ""):
                judged = self._refused(outcome, reason)
        match judged:
            case Rejected():
                summary.rejected += 1
                if file is not None:
                    file.write(judged)
                if len(summary.first) < _SHOWN:
                    summary.first.append(judged)
            case Filtered():
                summary.filtered += 1
            case _:
                for ready in judged:
                    self._send(ready)
                    summary.events += 1
                summary.translated += outcome.line > 0
