"""Records as a consumer hands them out, made from events without a broker."""

from typing import Any

import msgspec

from schemas.codec import Codec

CODEC = Codec()
NOW_MS = 1_763_770_000_000
MICROS = 1_000


class Record(msgspec.Struct, frozen=True):
    """A consumed record; `at_ms` is the time at which the broker stored it (milliseconds), `said` its headers."""

    where: int
    by: bytes | None
    body: bytes | None
    at_ms: int = NOW_MS
    said: tuple[tuple[str, bytes], ...] = ()

    def offset(self) -> int:
        return self.where

    def key(self) -> bytes | None:
        return self.by

    def value(self) -> bytes | None:
        return self.body

    def timestamp(self) -> tuple[int, int]:
        return 2, self.at_ms

    def headers(self) -> list[tuple[str, bytes]] | None:
        return list(self.said) or None


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def event(number: int, **fields: Any) -> dict[str, Any]:
    """Envelope number `number` with the given fields over it."""
    envelope = {
        "event_id": uid(number),
        "account_id": "acme",
        "occurred_at": NOW_MS * MICROS,
        "source": "ovey:main",
    }
    return envelope | fields


def submitted(number: int, response_id: str = "r1", nps: float | None = 9, **fields: Any) -> dict[str, Any]:
    """A response with one NPS answer (none when `nps` is None)."""
    answers = [] if nps is None else [{"question_id": "q1", "kind": "NPS", "number": float(nps)}]
    values: dict[str, Any] = {
        "response_id": response_id,
        "survey_id": "s1",
        "survey_version": 1,
        "submitted_at": NOW_MS * MICROS,
        "answers": answers,
    }
    return event(number, **(values | fields))


def record(offset: int, event_type: str, fields: dict[str, Any], **over: Any) -> Record:
    """The record that carries the event, keyed by its account."""
    return Record(offset, fields["account_id"].encode(), CODEC.encode(event_type, fields), **over)
