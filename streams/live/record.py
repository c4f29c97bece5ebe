"""A consumed record, as far as a partition looks at it."""

from typing import Any, Protocol

LOAD_HEADER = "load"
"""Name of the header under which a sender says that it loads what had happened before; its value is 1."""


class Record(Protocol):
    """What confluent-kafka hands out; `timestamp` is (kind, milliseconds since 1970)."""

    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def headers(self) -> Any: ...


def is_load(record: Record) -> bool:
    """Whether the record's sender loads what had happened before, as an import does."""
    headers = record.headers()
    return bool(headers) and any(name == LOAD_HEADER and value == b"1" for name, value in headers)
