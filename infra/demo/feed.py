"""Feeding the demonstration's records to Kafka, at a pace that can be watched or as fast as they go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra.demo.plan import Message
    from infra.sending import Sender

_SLICE_S = 0.2


def feed(
    sender: Sender, messages: Sequence[Message], *, per_second: int = 0, show: Callable[[int], None] = lambda _: None
) -> None:
    """Send every record and wait until all are stored; ``per_second`` 0 sets no pace.

    ``show`` is called with the number sent so far, some times a second. Raises Unreachable.
    """
    began, shown = time.monotonic(), 0.0
    for number, message in enumerate(messages, start=1):
        sender.record(message.topic, message.key, message.value)
        now = time.monotonic()
        if now - shown >= _SLICE_S:
            show(number)
            shown = time.monotonic()
        ahead = number / per_second - (now - began) if per_second else 0.0
        if ahead > _SLICE_S:
            time.sleep(_SLICE_S)
    sender.flush()
    show(len(messages))
