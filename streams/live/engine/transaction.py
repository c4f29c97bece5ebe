"""Step 3 of the engine: everything a cycle leaves in Kafka, in one transaction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException, TopicPartition

from streams.live.engine import checkpoint as checkpoints
from streams.live.engine.patience import queued, repeated
from streams.live.errors import EngineStopped
from streams.live.fold.dead_letters import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from confluent_kafka import KafkaError, Message, Producer

    from streams.core.algebra import Signal
    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.entry import Entry
    from streams.live.engine.ownership import Owned
    from streams.live.engine.settings import EngineSettings


class Transactions:
    """Writes cycles. Raises EngineStopped for whatever is not a passing fault; nothing is committed then.

    A failed delivery fails the transaction in the client library itself, so no record can be missing from one that
    was committed. The offsets of every partition go along even when only time has passed: they carry the group's
    generation, and by it a worker that has lost its partitions is refused. A stage consumes nothing and has none: one
    of its siblings comes with it.
    """

    def __init__(
        self,
        producer: Producer,
        *,
        settings: EngineSettings,
        encode_signal: Callable[[Signal], bytes],
        clock: Callable[[], int],
        crash: CrashHook,
    ) -> None:
        self._producer = producer
        self._settings = settings
        self._encode_signal = encode_signal
        self._clock = clock
        self._crash = crash
        self._signals = settings.topic(settings.signals_topic)
        self._dead = settings.topic(settings.dead_letters_topic)

    def commit(self, entries: Sequence[Entry], group: Any) -> None:
        """Write and commit all entries; `group` is the consumer's group metadata.

        Waiting longer than a transaction lasts would be in vain: the broker has aborted it by then.
        """
        deadline = time.monotonic() + self._settings.transaction_seconds
        try:
            self._producer.begin_transaction()
            for entry in entries:
                self._write(entry)
            self._crash("mid_transaction")
            offsets = [
                TopicPartition(each.owned.topic, each.owned.number, each.checkpoint.source)
                for each in entries
                if not each.owned.siblings
            ]
            repeated(deadline, self._clock, self._producer.send_offsets_to_transaction, offsets, group)
            self._crash("before_commit")
            repeated(deadline, self._clock, self._producer.commit_transaction)
            while any(entry.changelog_end < 0 for entry in entries):
                self._producer.poll(0.01)  # the reports have arrived; this only hands them out
        except KafkaException as error:
            raise EngineStopped("transaction refused", str(error)) from error

    def abandon(self) -> None:
        """End an open transaction, if any, so that readers need not wait for its timeout. Best effort."""
        try:
            self._producer.abort_transaction(5.0)
        except KafkaException:
            return

    def _write(self, entry: Entry) -> None:
        owned, batch = entry.owned, entry.batch
        now = self._clock()
        for letter in batch.dead:
            queued(self._producer, self._dead, letter.value, letter.key, headers=headers(letter, now))
        for signal in batch.signals:
            queued(self._producer, self._signals, self._encode_signal(signal), signal.account_id.encode())
        self._write_changes(owned, batch.changes)

        def placed(error: KafkaError | None, message: Message) -> None:
            if error is None:
                entry.changelog_end, entry.stamp = message.offset() + 1, message.timestamp()

        # Last of its partition, so that its offset says where the changelog ends.
        queued(
            self._producer,
            owned.changelog,
            checkpoints.encode(entry.checkpoint),
            checkpoints.CHECKPOINT_KEY,
            partition=owned.number,
            on_delivery=placed,
        )

    def _write_changes(self, owned: Owned, changes: Mapping[bytes, bytes | None]) -> None:
        """Write one record per change, the bulk of a transaction, with as little as can be around each."""
        produce, changelog, number = self._producer.produce, owned.changelog, owned.number
        for key, value in changes.items():
            try:
                produce(changelog, value, key, number)
            except BufferError:
                queued(self._producer, changelog, value, key, partition=number)
