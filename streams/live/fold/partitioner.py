"""The partition that a key belongs on: Kafka's own murmur2, by which all events of an account meet in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import confluent_kafka

if TYPE_CHECKING:
    from collections.abc import Callable

    from streams.core.limits import Refusal

REASON = "wrong_partition"

home: Callable[[bytes, int], int] = confluent_kafka.murmur2
"""Return the partition of a key among so many: (murmur2(key) & 0x7fffffff) mod count, as the Java client does."""

_LIKELY: tuple[tuple[Any, str], ...] = (
    (confluent_kafka.consistent, "CRC32, librdkafka's default: set partitioner=murmur2_random"),
    (confluent_kafka.fnv1a, "FNV-1a, Sarama's default: use a hash partitioner over murmur2"),
)


def misplaced(key: bytes, number: int, partitions: int) -> Refusal:
    """Return the refusal of a record that is not on its key's partition, with its client's likely mistake."""
    hint = next((text for other, text in _LIKELY if other(key, partitions) == number), "")
    cause = f"as with {hint}" if hint else "its producer uses another partitioner, or names the partition itself"
    right = home(key, partitions)
    return REASON, f"murmur2 of its key names partition {right} of {partitions}, it is on {number}; {cause}"
