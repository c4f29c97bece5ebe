"""The loop: read fairly, translate, commit. What is not committed is read again by whoever comes next."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.live.engine.clients import END_OF_PARTITION, is_passing, transactional_producer
from streams.live.errors import EngineStopped
from streams.translating.backlog import Backlog, Place
from streams.translating.transacting import Transactions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from streams.live.engine.crash_points import CrashHook
    from streams.live.engine.settings import EngineSettings
    from streams.translating.counting import Counts
    from streams.translating.judging import Judging, Record

_AT_ONCE = 1_000
_WAIT_S = 0.2
_PATIENCE_S = 30.0
log = logging.getLogger(__name__)


def group_consumer(settings: EngineSettings) -> Consumer:
    """Return the consumer of the translators' group, which begins where a topic does.

    The cooperative assignor would keep partitions over a rebalance, but commits of a transaction need the generation of
    the whole group. End-of-partition events tell when everything is read.
    """
    config: dict[str, Any] = {
        "bootstrap.servers": settings.bootstrap,
        "log_level": 4,
        **settings.client,
        "group.id": settings.group,
        "partition.assignment.strategy": "roundrobin",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "session.timeout.ms": int(settings.session_seconds * 1000),
        "max.poll.interval.ms": int(settings.poll_seconds * 1000),
        "queued.max.messages.kbytes": 16 << 10,
        "fetch.wait.max.ms": 100,
        "log.connection.close": False,
    }
    if settings.member:
        config["group.instance.id"] = settings.member
    return Consumer(config)


class Runner:
    """One translator of a group; a thread of its own is not needed. Raises EngineStopped where it must begin anew."""

    def __init__(
        self,
        settings: EngineSettings,
        topics: Sequence[str],
        judging: Judging,
        counts: Counts,
        *,
        clock: Callable[[], int],
        crash: CrashHook,
    ) -> None:
        self._judging, self._counts, self._clock = judging, counts, clock
        self._backlog: Backlog[Record] = Backlog()
        self._paused: set[Place] = set()
        self._owned: set[Place] = set()
        self._read_out: set[Place] = set()
        self._done: dict[Place, int] = {}
        producer = transactional_producer(settings)  # first: it ends what a predecessor of the same name left open
        self._transactions = Transactions(producer, settings, clock=clock, crash=crash)
        self._consumer = group_consumer(settings)
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._revoked)

    def turn(self) -> bool:
        """Read, translate and commit once; return whether everything that there was is committed."""
        for message in self._consumer.consume(_AT_ONCE, timeout=0.0 if len(self._backlog) else _WAIT_S):
            self._take(message)
        batch = self._backlog.take()
        if batch:
            self._commit(batch)
        self._pace()
        self._tell_what_waits()
        return bool(self._owned) and not len(self._backlog) and self._read_out >= self._owned

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _commit(self, batch: dict[Place, Sequence[Record]]) -> None:
        now = self._clock()
        judged = [(record, self._judging.judge(record, now)) for records in batch.values() for record in records]
        offsets = [TopicPartition(*place, records[-1].offset() + 1) for place, records in batch.items()]
        self._transactions.commit(judged, offsets, self._consumer.consumer_group_metadata())
        self._done |= {(each.topic, each.partition): each.offset for each in offsets}
        self._counts.committed(self._clock())
        for record, outcome in judged:
            self._counts.add(outcome)
            if outcome.refused is not None:
                where = f"{record.topic()}-{record.partition()}@{record.offset()}"
                log.warning("%s waits as a dead letter: %s: %s", where, *outcome.refused)

    def _take(self, message: Any) -> None:
        error = message.error()
        place = message.topic(), message.partition()
        if error is None:
            self._read_out.discard(place)
            if place in self._owned:
                self._backlog.put(place, message)
        elif error.code() == END_OF_PARTITION:
            self._read_out.add(place)
        elif not is_passing(error):
            raise EngineStopped("raw topic unreadable", str(error))

    def _pace(self) -> None:
        """Stop reading partitions that are full, and go on with those that are not any more.

        The client forgets what it has fetched of a partition that stops, and fetches it again: nothing is skipped.
        """
        full = {place for place in self._owned if self._backlog.is_full(place)}
        if stop := full - self._paused:
            self._consumer.pause([TopicPartition(*place) for place in stop])
        if go := self._paused - full:
            self._consumer.resume([TopicPartition(*place) for place in go])
        self._paused = full

    def _tell_what_waits(self) -> None:
        """Count what is behind the committed positions, by what the client has heard of the ends so far."""
        for place in self._owned & self._done.keys():
            _, end = self._consumer.get_watermark_offsets(TopicPartition(*place), cached=True)
            self._counts.waits(*place, max(0, end - self._done[place]))

    def _assigned(self, consumer: Any, partitions: list[Any]) -> None:
        """Begin where the group stands. What retention has cut off before it was translated is said aloud."""
        try:
            stands = consumer.committed(partitions, timeout=_PATIENCE_S)
            for each in stands:
                self._done[each.topic, each.partition] = max(0, each.offset)
                low, _ = consumer.get_watermark_offsets(TopicPartition(each.topic, each.partition), _PATIENCE_S)
                if 0 <= each.offset < low:
                    log.error(
                        "%s-%d: offsets %d to %d were cut off by retention before anybody translated them",
                        *(each.topic, each.partition, each.offset, low - 1),
                    )
        except KafkaException as error:
            log.warning("where the group stands is not known yet: %s", error)
        self._owned |= {(each.topic, each.partition) for each in partitions}

    def _revoked(self, _consumer: Any, partitions: list[Any]) -> None:
        gone = {(each.topic, each.partition) for each in partitions}
        self._owned -= gone
        self._paused -= gone
        self._read_out -= gone
        for place in gone & self._done.keys():
            del self._done[place]
            self._counts.no_more_ours(*place)
        self._backlog.drop(gone)
