"""The settings in force, read from the config topic by every worker for itself."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Protocol

import msgspec
from confluent_kafka import OFFSET_BEGINNING, TopicPartition

from schemas.errors import Undecodable
from streams.core.admission import refusal_of
from streams.core.events import parse
from streams.core.rules import Rules, rules_from
from streams.core.settings import RULING_TYPES, Ruling
from streams.live.engine import clients
from streams.live.errors import EngineStopped
from streams.live.fold.partitioner import home, misplaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from confluent_kafka import Message

    from schemas.codec import Codec
    from streams.live.engine.settings import EngineSettings

log = logging.getLogger(__name__)

_AT_ONCE = 500


class Ruled(Protocol):
    """A partition that follows rules."""

    def use(self, rules: Rules) -> None:
        """Apply other rules from now on."""


class PolicyWatch:
    """Follows the config topic from its first record, outside of any group.

    Rules apply by an event's own time, so when a worker learns of a policy does not matter to what it writes in the
    end: `Ruled.use` brings older decisions up to date. Records that admission refuses are passed over here, and of one
    event id the first content holds; the partition that consumes the topic for its tables makes the dead letters.
    """

    def __init__(self, settings: EngineSettings, topic: str, codec: Codec) -> None:
        self._consumer = clients.plain_consumer(settings, f"{settings.group}-policies", wait_ms=500)
        self._topic = topic
        self._codec = codec
        self._patience = settings.patience_seconds
        self._said: dict[tuple[str, str], Ruling] = {}
        self._waiting: set[int] = set()
        self._assigned = False
        self._partitions = 0
        self.rules = Rules()

    def load(self) -> Rules:
        """Read to the end of the topic once and return the rules. Raises EngineStopped when that takes too long."""
        if not self._assigned:
            self._assign()
        deadline = time.monotonic() + self._patience
        while self._waiting:
            self._read(0.1)
            if time.monotonic() > deadline:
                raise EngineStopped("policies unreadable", f"{self._topic}: partitions {sorted(self._waiting)}")
        return self.rules

    def apply(self, partitions: Iterable[Ruled]) -> None:
        """Hand newly arrived policies to the partitions; never waits."""
        if self._assigned and self._read(0.0):
            for each in partitions:
                each.use(self.rules)

    def close(self) -> None:
        self._consumer.close()

    def _assign(self) -> None:
        known = self._consumer.list_topics(self._topic, timeout=self._patience).topics[self._topic]
        if known.error is not None:
            raise EngineStopped("topic missing", f"{self._topic}: {known.error}; create the topics first")
        self._waiting, self._partitions = set(known.partitions), len(known.partitions)
        self._consumer.assign([TopicPartition(self._topic, n, OFFSET_BEGINNING) for n in known.partitions])
        self._assigned = True

    def _read(self, seconds: float) -> bool:
        """Take in what has arrived; return whether the rules have changed."""
        policies = 0
        for message in self._consumer.consume(_AT_ONCE, timeout=seconds):
            error = message.error()
            if error is None:
                policies += self._note(message)
            elif error.code() == clients.END_OF_PARTITION:
                self._waiting.discard(message.partition())
            elif not clients.is_passing(error):
                raise EngineStopped("policies unreadable", f"{self._topic}: {error}")
        if not policies:
            return False
        before, self.rules = self.rules, rules_from(self._said.values())
        return before != self.rules

    def _note(self, message: Message) -> bool:
        try:
            event_type, values = self._codec.decode_array(message.value())
            event = parse(event_type, values) if event_type in RULING_TYPES else None
        except (Undecodable, msgspec.ValidationError) as error:
            log.warning("%s-%d at %d is no setting: %s", self._topic, message.partition(), message.offset(), error)
            return False
        if event is None:
            return False
        try:
            key, number = message.key(), message.partition()
            refusal = refusal_of(event, key, message.timestamp()[1] * 1000, len(message.value() or b""))
            if refusal is None and home(key, self._partitions) != number:
                refusal = misplaced(key, number, self._partitions)
        except Exception:  # a mistake of our own core, for which the partition puts the record aside: ADR 0108
            log.exception("%s-%d at %d is no setting", self._topic, message.partition(), message.offset())
            return False
        if refusal is not None:
            log.warning(
                "%s-%d at %d is no setting: %s: %s", self._topic, message.partition(), message.offset(), *refusal
            )
            return False
        return self._said.setdefault((event.source, event.event_id), event) is event  # type: ignore[arg-type] # by its type
