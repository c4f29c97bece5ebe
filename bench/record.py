"""A record made by the benchmarks, as partitions read it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Made(msgspec.Struct, frozen=True):
    """A record that no consumer has read: offset, key, value, when it was stored (milliseconds since 1970), headers."""

    number: int
    account: bytes
    framed: bytes
    stored_ms: int
    carried: Sequence[tuple[str, bytes]] | None = None

    def offset(self) -> int:
        return self.number

    def key(self) -> bytes:
        return self.account

    def value(self) -> bytes:
        return self.framed

    def timestamp(self) -> tuple[int, int]:
        return 2, self.stored_ms

    def headers(self) -> Sequence[tuple[str, bytes]] | None:
        return self.carried
