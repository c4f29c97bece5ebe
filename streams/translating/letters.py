"""Dead letters of raw topics, read back as the raw records that they were: they outlive those by far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from streams.translating.transacting import CARRIED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from streams.ingest.raw import KafkaHeaders


class Letter(msgspec.Struct, frozen=True):
    """A raw record that waits, with why. It has the methods of a record, so it can be judged like one."""

    of: str
    number: int
    at: int
    stored_ms: int
    name: bytes | None
    body: bytes | None
    sent: tuple[tuple[str, bytes], ...]
    source: str
    reason: str
    detail: str

    def topic(self) -> str:
        return self.of

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def key(self) -> bytes | None:
        return self.name

    def value(self) -> bytes | None:
        return self.body

    def headers(self) -> KafkaHeaders:
        return self.sent

    def timestamp(self) -> tuple[int, int]:
        return 1, self.stored_ms

    @property
    def place(self) -> tuple[str, int, int]:
        return self.of, self.number, self.at


def letters_of(records: Iterable[Any], raw: str) -> Iterator[Letter]:
    """Yield the letters of raw topics, whose names begin with `raw`, among records of the dead-letter topic."""
    for record in records:
        headers = [(name, value or b"") for name, value in record.headers() or ()]
        told = {name: value.decode(errors="replace") for name, value in headers if name.startswith("cx-")}
        numbers = [told.get(name, "") for name in ("cx-partition", "cx-offset", "cx-timestamp-ms")]
        if not told.get("cx-topic", "").startswith(raw) or not all(each.isdecimal() for each in numbers):
            continue
        number, at, stored_ms = map(int, numbers)
        yield Letter(
            of=told["cx-topic"],
            number=number,
            at=at,
            stored_ms=stored_ms,
            name=record.key(),
            body=record.value(),
            sent=tuple((name.removeprefix(CARRIED), value) for name, value in headers if name.startswith(CARRIED)),
            source=told.get("cx-source", ""),
            reason=told.get("cx-reason", ""),
            detail=told.get("cx-detail", ""),
        )
