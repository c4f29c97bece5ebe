"""Sends validated events from any Python service.

    from schemas.emit import Emitter

    with Emitter("localhost:9092", source="shop:main") as events:
        events.emit("invitation_opened", account_id="acc-0042", invitation_id="inv-7001")

docs/emitting.md says the same for other languages.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

from kafka import KafkaProducer
from kafka.errors import KafkaError

from schemas.catalogue import latest_schemas
from schemas.codec import Codec, Confluent, InvalidEventError
from schemas.writer import micros

CLOSE_SECONDS = 10
MAX_REQUEST_BYTES = 2 * 1024 * 1024
AHEAD = timedelta(days=1)


class DeliveryError(Exception):
    """Kafka did not store an event; `event_ids` are those it may lack. Sending them again is harmless."""

    def __init__(self, event_ids: list[str], cause: BaseException) -> None:
        super().__init__(f"{len(event_ids)} events were not stored, the first is {event_ids[0]}: {cause}")
        self.event_ids = event_ids


class Emitter:
    """Sends events to their topics, keyed by account; safe to share between threads.

    `source` names the emitting system and instance, such as shop:main. `options` go to kafka-python's KafkaProducer
    (security, time limits). The producer is idempotent and waits for all in-sync replicas; its partitioner is
    murmur2, as in Java. Leaving the block waits until all events are stored.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        source: str,
        registry: Confluent | None = None,
        prefix: str = "cx.",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        **options: Any,
    ) -> None:
        """Connect; raises kafka.errors.KafkaError where no broker answers."""
        self._source = source
        self._prefix = prefix
        self._now = now
        self._codec = Codec(registry)
        self._waiting: set[str] = set()
        self._lost: dict[str, BaseException] = {}
        settings = {"allow_auto_create_topics": False, "max_request_size": MAX_REQUEST_BYTES, "linger_ms": 5}
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, **(settings | options))

    def emit(self, event_type: str, *, account_id: str, **fields: Any) -> str:
        """Check and queue one event; return its event_id.

        event_id is a fresh UUID unless given: give one derived from your own record (uuid5) where you may send it
        twice. occurred_at is now unless given; instants are aware datetimes or int microseconds.
        Raises InvalidEventError for an event that must be mended, and DeliveryError where an earlier one was lost.
        """
        self._raise_lost()
        event = {"event_id": str(uuid4()), "occurred_at": self._now(), "source": self._source, **fields}
        event["account_id"] = account_id
        topic = _topic(event_type)
        value = self._codec.encode(event_type, event)
        self._check(event)
        event_id: str = event["event_id"]
        try:
            sent = self._producer.send(self._prefix + topic, value=value, key=account_id.encode())
        except KafkaError as error:
            raise DeliveryError([event_id], error) from error
        self._waiting.add(event_id)
        sent.add_both(partial(self._settle, event_id))
        return event_id

    def flush(self, timeout: float = 120) -> None:
        """Wait until every event is stored; raises DeliveryError where one is not, or not in time (seconds)."""
        try:
            self._producer.flush(timeout)
        except KafkaError as error:
            self._lost.update(dict.fromkeys(self._waiting.copy(), error))
        self._raise_lost()

    def close(self) -> None:
        """Send what is queued and disconnect; raises DeliveryError as flush does."""
        try:
            self.flush()
        finally:
            with suppress(KafkaError):  # flush has told all there is to tell
                self._producer.close(timeout=CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self, event: dict[str, Any]) -> None:
        """Hold the envelope to the rules that need no knowledge of the type; workers check the rest."""
        try:
            UUID(event["event_id"])
        except ValueError as error:
            raise InvalidEventError(f"event_id {event['event_id']!r:.60} is no UUID") from error
        if not event["account_id"] or not event["source"]:
            raise InvalidEventError("account_id and source must not be empty")
        at = event["occurred_at"]
        if (micros(at) if isinstance(at, datetime) else at) > micros(self._now() + AHEAD):
            raise InvalidEventError(f"occurred_at {at} is more than a day ahead")

    def _settle(self, event_id: str, outcome: object) -> None:
        """Take note of a delivery or of a failure; runs in the producer's thread."""
        if isinstance(outcome, BaseException):
            self._lost[event_id] = outcome
        self._waiting.discard(event_id)

    def _raise_lost(self) -> None:
        if self._lost:
            lost, self._lost = self._lost, {}
            raise DeliveryError(list(lost), next(iter(lost.values())))


def _topic(event_type: str) -> str:
    """Return the topic of an event type that applications may send: signals are cxledger's own."""
    schema = latest_schemas().get(event_type)
    if schema is None or schema.topic == "signals":
        raise InvalidEventError(f"there is no event type {event_type}")
    return schema.topic
