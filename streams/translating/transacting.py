"""Writes a batch in one Kafka transaction: its events, its dead letters, and how far each partition was read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, TopicPartition

from schemas.envelope import Envelope
from streams.live.engine.patience import queued, repeated
from streams.live.errors import EngineStopped
from streams.live.fold.batch import DeadLetter
from streams.live.fold.dead_letters import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from confluent_kafka import Producer

    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.settings import EngineSettings
    from streams.translating.judging import Outcome, Record

CARRIED = "raw-"
"""Put before a raw record's own headers in its dead letter, whose history has names like theirs."""
POINTS = ("mid_transaction", "before_commit", "after_commit")
"""Where a translator may be made to die."""
Judged = tuple["Record", "Outcome"]


class Transactions:
    """Writes batches; raises EngineStopped where one was not committed, and it is read again then."""

    def __init__(
        self, producer: Producer, settings: EngineSettings, *, clock: Callable[[], int], crash: CrashHook
    ) -> None:
        self._producer, self._settings, self._clock, self._crash = producer, settings, clock, crash

    def commit(
        self,
        batch: Iterable[Judged],
        offsets: Sequence[TopicPartition] = (),
        group: Any = None,
        *,
        letters: bool = True,
    ) -> None:
        """Write a batch; the positions go along under the group's generation, so that only its owner can commit them.

        Without `letters`, what waits is left where it waits.
        """
        deadline = time.monotonic() + self._settings.transaction_seconds
        try:
            self._producer.begin_transaction()
            for record, outcome in batch:
                self._write(record, outcome, letters=letters)
            self._crash("mid_transaction")
            if group is not None:
                repeated(deadline, self._clock, self._producer.send_offsets_to_transaction, list(offsets), group)
            self._crash("before_commit")
            repeated(deadline, self._clock, self._producer.commit_transaction)
            self._crash("after_commit")
        except KafkaException as error:
            self._abandon()
            raise EngineStopped("transaction refused", str(error)) from error

    def _abandon(self) -> None:
        try:
            self._producer.abort_transaction(5.0)
        except KafkaException:  # the broker ends it by itself once its time is up
            return

    def _write(self, record: Record, outcome: Outcome, *, letters: bool) -> None:
        for made in outcome.events:
            queued(self._producer, self._settings.topic(made.topic), made.value, made.key)
        if outcome.refused is not None and letters:
            letter = letter_of(record, outcome)
            dead = self._settings.topic(self._settings.dead_letters_topic)
            queued(self._producer, dead, letter.value, letter.key, headers=headers(letter, self._clock()))


def letter_of(record: Record, outcome: Outcome) -> DeadLetter:
    """Return the dead letter of a record that waits: its body as closed as it came, with what opens it."""
    assert outcome.refused is not None
    source = f"{outcome.vendor}:{outcome.instance}" if outcome.instance else outcome.vendor
    return DeadLetter(
        record.topic(),
        record.partition(),
        record.offset(),
        record.timestamp()[1],
        record.key(),
        record.value(),
        [(CARRIED + name, value) for name, value in record.headers() or ()],
        outcome.refused[0],
        outcome.refused[1],
        Envelope(source=source),
    )
