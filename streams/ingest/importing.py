"""The import of one file: read, translate, emit, and write down what had to be rejected."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

import msgspec

from streams.ingest import translate
from streams.ingest.groups import Firsts
from streams.ingest.reader import FileError, read
from streams.ingest.translate import Event, Filtered, Outcome, Rejected, Translated, Translator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from streams.ingest.mapping import Mapping

_SHOWN = 10


class RefusedError(Exception):  # the event breaks the contract, the program does not
    """Raised by ``emit`` for an event that the contract does not allow; the message is the reason."""


class Summary(msgspec.Struct, kw_only=True):
    """Counts of one import: ``rows`` = translated + filtered + rejected; ``first`` has the first rejects."""

    rows: int = 0
    translated: int = 0
    filtered: int = 0
    rejected: int = 0
    events: int = 0
    first: list[Rejected] = []


def outcomes(mapping: Mapping, path: Path) -> Iterator[Outcome]:
    """Yield the events sent once, then each row's outcome; raises FileError where mapping and file differ."""
    lines = read(path, encoding=mapping.encoding, delimiter=mapping.delimiter)
    header = next(lines, None)
    if header is None or header.problem:
        raise FileError(f"{path}: no header in its first line")
    try:
        translator = Translator(mapping, header.cells, _firsts(mapping, path, header.cells))
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


class Rejects:
    """The rejects file: the rejected rows behind their line and reason; it is made with the first of them.

    Mended, it can be imported with the same mapping: the two columns in front are none that a mapping reads.
    """

    def __init__(self, path: Path, header: list[str], encoding: str, delimiter: str) -> None:
        self._path, self._encoding, self._delimiter = path, encoding, delimiter
        self._header, self._open = header, ExitStack()
        self._writer: Any = None
        path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, reject: Rejected) -> None:
        if self._writer is None:
            file = self._path.open("w", encoding=self._encoding, errors="surrogateescape", newline="")
            self._writer = csv.writer(self._open.enter_context(file), delimiter=self._delimiter)
            self._writer.writerow(["_line", "_reason", *self._header])
        self._writer.writerow([reject.line, reject.reason, *reject.cells])


def _header(mapping: Mapping, path: Path) -> list[str]:
    first = next(read(path, encoding=mapping.encoding, delimiter=mapping.delimiter), None)
    return first.cells if first else []


def _emit(outcome: Translated, emit: Callable[[Event], None], summary: Summary) -> Rejected | None:
    try:
        for event in outcome.events:
            emit(event)
            summary.events += 1
    except RefusedError as error:
        return Rejected(outcome.line, str(error), outcome.cells)
    return None


def run(
    mapping: Mapping,
    path: Path,
    emit: Callable[[Event], None],
    rejects: Path,
    *,
    reverse: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> Summary:
    """Import a file and return the counts; importing it again sends the same events under the same ids.

    ``emit`` may raise RefusedError for one event: its row is then rejected. Everything else that it raises ends the
    import. ``reverse`` holds the whole file in memory and sends it from its end, definitions last.
    """
    summary = Summary()
    every: Iterable[Outcome] = outcomes(mapping, path)
    if reverse:
        every = reversed(list(every))
    with Rejects(rejects, _header(mapping, path), mapping.encoding, mapping.delimiter) as file:
        for outcome in every:
            _take(outcome, emit, summary, file)
            advance()
    return summary


def _take(outcome: Outcome, emit: Callable[[Event], None], summary: Summary, file: Rejects) -> None:
    summary.rows += outcome.line > 0
    refused = _emit(outcome, emit, summary) if isinstance(outcome, Translated) else None
    match refused or outcome:
        case Rejected() as reject:
            summary.rejected += 1
            file.write(reject)
            if len(summary.first) < _SHOWN:
                summary.first.append(reject)
        case Filtered():
            summary.filtered += 1
        case Translated():
            summary.translated += outcome.line > 0
