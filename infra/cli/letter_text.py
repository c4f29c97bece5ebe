"""Show a dead letter on a terminal: text that cannot act on it, bytes as hex, values one a line."""

from __future__ import annotations

import base64
import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import msgspec
from rich.markup import escape
from rich.table import Table

from infra.printable import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.claims import Look
    from schemas.walk import Part
    from sinks.letters import Group, Known

_ROW = 16
_MOST_LINES = 200
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOST_SENDERS = 20
_COPIED = 24  # no reason is longer
_DAY = len("2026-11-22")


def hexdump(value: bytes, start: int, most: int) -> Iterator[str]:
    """Yield lines of 16 bytes with their offsets, hex and ASCII, from `start` on, at most so many bytes."""
    end = min(len(value), start + most)
    for at in range(start, end, _ROW):
        row = value[at : min(at + _ROW, end)]
        halves = (" ".join(f"{byte:02x}" for byte in half) for half in (row[: _ROW // 2], row[_ROW // 2 :]))
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)  # noqa: PLR2004 - printable ASCII
        yield f"{at:08x}  {'  '.join(f'{half:<23}' for half in halves)}  |{text}|"
    if end < len(value):
        yield f"{end:08x}  {len(value) - end:,} more bytes"


def groups(by: str, found: Sequence[Group]) -> Table:
    """Return a table for 80 columns: reasons and places are there to be copied and never broken."""
    shown = [(visible(each.name), each) for each in found]
    table = Table(header_style="bold")
    table.add_column(by, no_wrap=max(len(name) for name, _ in shown) <= _COPIED, overflow="fold")
    for name in ("letters", "open"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("first, last (UTC)", min_width=_DAY)
    table.add_column("newest", no_wrap=True)
    for name, each in shown:
        times = (when[:16].replace("T", " ") for when in (each.first_seen, each.last_seen))
        row = (name, f"{each.letters:,}", f"{each.open:,}", "\n".join(times), visible(str(each.newest)))
        table.add_row(*map(escape, row))
    return table


class Sender(msgspec.Struct, frozen=True):
    """Letters of one account and one source, `now` what would become of them, and one of them."""

    account: str
    source: str
    now: str
    letters: int
    example: str


def by_sender(found: Iterable[tuple[Known, str]]) -> list[Sender]:
    """Group letters, each with what would become of it: those for one reason may be of two customers."""
    counts: dict[tuple[str, str, str], int] = {}
    example: dict[tuple[str, str, str], str] = {}
    for letter, now in found:
        group = letter.account_key, letter.source, now
        counts[group] = counts.get(group, 0) + 1
        example.setdefault(group, str(letter.at))
    return [Sender(*group, n, example[group]) for group, n in sorted(counts.items(), key=lambda e: (-e[1], e[0]))]


def senders(found: Sequence[Sender]) -> Table:
    """Return a table of the largest groups, and how many letters are in the others."""
    first, rest = found[:_MOST_SENDERS], found[_MOST_SENDERS:]
    table = Table(header_style="bold")
    for name, justify in (("account", "left"), ("source", "left"), ("now", "left"), ("letters", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type] # one of its literals
    table.add_column("example", overflow="fold")
    for each in first:
        row = (visible(each.account), visible(each.source), each.now, f"{each.letters:,}", visible(each.example))
        table.add_row(*map(escape, row))
    if rest:
        table.add_row(f"{len(rest):,} more groups", "", "", f"{sum(each.letters for each in rest):,}", "")
    return table


def instant(micros: int) -> str:
    """Return microseconds since 1970 as ISO 8601, UTC, or as a number where no calendar reaches."""
    try:
        return (_EPOCH + dt.timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{micros} us since 1970"


def values(parts: Iterable[Part]) -> Iterator[str]:
    """Yield a line for each value: its name, and what it says."""
    kept = list(parts)
    width = min(40, max((len(part.path) for part in kept[:_MOST_LINES]), default=0))
    for part in kept[:_MOST_LINES]:
        yield f"{visible(part.path):<{width}}  {_said(part)}"
    if len(kept) > _MOST_LINES:
        yield f"... {len(kept) - _MOST_LINES:,} more values (--format json holds them)"


def _said(part: Part) -> str:
    if part.instant:
        return f"{instant(part.value)} ({part.value})"
    return f'"{visible(part.value)}"' if isinstance(part.value, str) else visible(str(part.value))


def plain(value: Any) -> Any:
    """Return decoded values as JSON can hold them: numbers that are not finite become text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def in_base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def decoded(seen: Look) -> dict[str, Any]:
    """Return what could be read of a record, for a machine."""
    return {
        "frame": seen.frame,
        "claimed": seen.claimed,
        "schema": seen.schema or None,
        "nearest": list(seen.nearest),
        "fields": plain(seen.walked.fields) if seen.walked else {},
        "read_to": seen.at,
        "why": seen.why or None,
    }
