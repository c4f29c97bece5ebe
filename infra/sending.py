"""Sending events to Kafka: framed by the contract, keyed by account, and confirmed before anybody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from kafka.errors import KafkaError

from infra import wiring
from infra.wiring import Unreachable
from schemas.frames import LOAD
from streams.emit.admission import admitted, topic_of
from streams.receive.event_json import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.settings import Settings

__all__ = ["ContractError", "Sender"]
_FLUSH_SECONDS = 60.0


class Sender:
    """Sends events and raw records; leaving the block waits until every one is stored.

    Raises Unreachable where the broker refuses or does not confirm: what was sent before may be stored.
    """

    def __init__(self, settings: Settings, *, load: bool = False) -> None:
        """Connect; `load` says in every record that what happened before is loaded: nothing of it is late."""
        self._headers = [LOAD] if load else []
        self._prefix = settings.topic_prefix
        self._codec = wiring.codec(settings)
        self._producer = wiring.producer(settings)
        self._failed: list[BaseException] = []
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._producer.close(timeout=5)

    def encode_only(self, event_type: str, fields: Mapping[str, Any]) -> bytes:
        """Frame an event whatever it holds, as a producer without this check would; raises InvalidEventError."""
        return self._codec.encode(event_type, fields)

    def encode(self, event_type: str, fields: Mapping[str, Any]) -> bytes:
        """Frame an event after holding it against the whole contract; raises InvalidEventError."""
        return admitted(self._codec, event_type, fields, wiring.clock())

    def event(self, event_type: str, fields: Mapping[str, Any]) -> None:
        """Send an event to its topic; raises InvalidEventError for one that may not be sent."""
        value = self.encode(event_type, fields)
        self.record(topic_of(event_type), str(fields["account_id"]).encode(), value)

    def record(self, topic: str, key: bytes | None, value: bytes) -> None:
        """Send bytes as they are to the topic of this short name."""
        if self._failed:
            raise Unreachable(f"Kafka did not store a record: {self._failed[0]}")
        try:
            future = self._producer.send(self._prefix + topic, key=key, value=value, headers=self._headers)
        except (KafkaError, OSError) as error:
            raise Unreachable(f"Kafka did not take a record: {error}") from error
        future.add_errback(self._failed.append)
        self.sent += 1

    def flush(self) -> None:
        """Wait until everything sent is stored."""
        try:
            self._producer.flush(timeout=_FLUSH_SECONDS)
        except KafkaError as error:
            raise Unreachable(f"Kafka did not confirm in {_FLUSH_SECONDS:.0f} s: {error}") from error
        if self._failed:
            raise Unreachable(f"Kafka did not store a record: {self._failed[0]}")
