"""A consumed record, as far as a partition looks at it."""

from typing import Any, Protocol

from schemas.frames import LOAD


class Record(Protocol):
    """A record of confluent-kafka; `timestamp` is (kind, milliseconds since 1970)."""

    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def headers(self) -> Any: ...


def is_load(record: Record) -> bool:
    """Return whether the record's sender loads past events, as an import does."""
    headers = record.headers()
    return bool(headers) and any(tuple(header) == LOAD for header in headers)
