"""Hold what both oracles start from and end in: the events that stand, and the rows that views must show of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.demo.plan import Message

Fields = dict[str, Any]


class Figure(msgspec.Struct, frozen=True, order=True):
    """One expected row of a metric's view; ``item`` is the topic where a metric has one row for each."""

    metric: str
    grain: str
    window_start: str
    dimension: str
    slice: str
    item: str
    value: float
    numerator: float
    n: int

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        return self.metric, self.grain, self.window_start, self.dimension, self.slice, self.item


class Company(msgspec.Struct):
    """The events that stand, by type and by id; duplicates fall together and the order of sending is gone."""

    kinds: dict[str, dict[str, Fields]]

    def of(self, kind: str) -> list[Fields]:
        return sorted(self.kinds.get(kind, {}).values(), key=lambda fields: fields["occurred_at"])


def gather(messages: Iterable[Message]) -> Company:
    """Return what stands of the good records, each id once."""
    kinds: dict[str, dict[str, Fields]] = defaultdict(dict)
    for message in messages:
        if not message.fault:
            kinds[message.kind].setdefault(message.fields["event_id"], message.fields)
    return Company(kinds)
